// SPDX-License-Identifier: Apache-2.0
#include "limits/message.h"

#include <bit>
#include <concepts>
#include <cstring>

#include "core/text.h"

namespace gatehouse::limits {

namespace {

static_assert(std::endian::native == std::endian::little, "messages are little endian");

class Writer {
 public:
  template <std::unsigned_integral Number>
  Writer& put(Number number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
    return *this;
  }
  Writer& put(const Key& key) { return put(key.high).put(key.low); }
  Writer& put(std::string_view text) {
    put(static_cast<std::uint32_t>(text.size()));
    bytes_ += text;
    return *this;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads zeros past the end and remembers it, so that a decoder checks once.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <std::unsigned_integral Number>
  Number get() {
    Number number = 0;
    if (bytes_.size() < sizeof number) {
      good_ = false;
      return number;
    }
    std::memcpy(&number, bytes_.data(), sizeof number);
    bytes_.remove_prefix(sizeof number);
    return number;
  }
  Key key() {
    const auto high = get<std::uint64_t>();
    return Key{high, get<std::uint64_t>()};
  }
  std::string text() {
    const auto size = get<std::uint32_t>();
    if (size > bytes_.size()) {
      good_ = false;
      return {};
    }
    std::string text(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return text;
  }
  // A count of items of at least `item_size` bytes that really follow.
  std::size_t count(std::size_t item_size) {
    const std::size_t count = get<std::uint32_t>();
    if (count > message_items_max || count * item_size > bytes_.size()) {
      good_ = false;
      return 0;
    }
    return count;
  }
  bool finished() const { return good_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool good_ = true;
};

constexpr std::size_t holder_size_max = 200;

// It becomes a part of the subject of the answer (docs/bus.md): words with single dots between
// them. Anything else could write more than a subject into a connection.
bool is_holder(std::string_view name) {
  const auto is_word = [](char c) {
    return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '-' || c == '_';
  };
  char before = '.';
  for (const char c : name) {
    if (!is_word(c) && (c != '.' || before == '.')) return false;
    before = c;
  }
  return before != '.' && name.size() <= holder_size_max;
}

tl::unexpected<Error> broken() {
  return fail(ErrorCode::invalid_argument, "Not a message of the limits");
}

Ask read_ask(Reader& reader) {
  Ask ask;
  ask.key = reader.key();
  ask.limit.kind = reader.get<std::uint8_t>() == 0 ? LimitKind::window : LimitKind::bucket;
  ask.limit.quota = reader.get<std::uint64_t>();
  ask.limit.span = std::chrono::milliseconds(reader.get<std::uint64_t>());
  ask.need = reader.get<std::uint32_t>();
  ask.rate = reader.get<std::uint32_t>();
  ask.number = reader.get<std::uint32_t>();
  return ask;
}

Grant read_grant(Reader& reader) {
  Grant grant;
  grant.key = reader.key();
  grant.window = reader.get<std::uint64_t>();
  grant.permits = reader.get<std::uint64_t>();
  grant.left = reader.get<std::uint64_t>();
  grant.remaining = std::chrono::microseconds(reader.get<std::uint64_t>());
  grant.refused = reader.get<std::uint32_t>();
  grant.number = reader.get<std::uint32_t>();
  return grant;
}

}  // namespace

std::string reply_subject(std::string_view holder) { return "limits.to." + std::string(holder); }

std::string encode(const HolderMessage& message) {
  Writer writer;
  writer.put(message.holder);
  writer.put(static_cast<std::uint32_t>(message.asks.size()));
  for (const Ask& ask : message.asks) {
    writer.put(ask.key).put(static_cast<std::uint8_t>(ask.limit.kind)).put(ask.limit.quota);
    writer.put(static_cast<std::uint64_t>(ask.limit.span.count())).put(ask.need).put(ask.rate);
    writer.put(ask.number);
  }
  writer.put(static_cast<std::uint32_t>(message.returns.size()));
  for (const Return& item : message.returns) {
    writer.put(item.key).put(item.window).put(item.permits);
  }
  return writer.take();
}

std::string encode(const OwnerMessage& message) {
  Writer writer;
  writer.put(static_cast<std::uint32_t>(message.grants.size()));
  for (const Grant& grant : message.grants) {
    writer.put(grant.key).put(grant.window).put(grant.permits).put(grant.left);
    writer.put(static_cast<std::uint64_t>(grant.remaining.count())).put(grant.refused);
    writer.put(grant.number);
  }
  writer.put(static_cast<std::uint32_t>(message.recalls.size()));
  for (const Recall& recall : message.recalls) writer.put(recall.key).put(recall.window);
  return writer.take();
}

Result<HolderMessage> decode_holder_message(std::string_view bytes) {
  Reader reader(bytes);
  HolderMessage message;
  message.holder = reader.text();
  message.asks.resize(reader.count(45));
  for (Ask& ask : message.asks) ask = read_ask(reader);
  message.returns.resize(reader.count(32));
  for (Return& item : message.returns) {
    item.key = reader.key();
    item.window = reader.get<std::uint64_t>();
    item.permits = reader.get<std::uint64_t>();
  }
  if (!reader.finished() || !is_holder(message.holder)) return broken();
  return message;
}

Result<OwnerMessage> decode_owner_message(std::string_view bytes) {
  Reader reader(bytes);
  OwnerMessage message;
  message.grants.resize(reader.count(56));
  for (Grant& grant : message.grants) grant = read_grant(reader);
  message.recalls.resize(reader.count(24));
  for (Recall& recall : message.recalls) {
    recall.key = reader.key();
    recall.window = reader.get<std::uint64_t>();
  }
  if (!reader.finished()) return broken();
  return message;
}

}  // namespace gatehouse::limits
