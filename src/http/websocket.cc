// SPDX-License-Identifier: Apache-2.0
#include "http/websocket.h"

#include <openssl/evp.h>

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace gatehouse::http {
namespace {

constexpr std::string_view protocol = "websocket";
constexpr std::string_view version = "13";
constexpr std::string_view accept_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t key_bytes = 16;

template <typename Fits>
bool lists(std::string_view list, Fits fits) {
  const std::vector<std::string_view> items = split(list, ',');
  return std::any_of(items.begin(), items.end(),
                     [&](std::string_view item) { return fits(trim(item)); });
}

bool is_key(std::string_view text) {
  const Result<std::string> bytes = from_base64(text);
  return bytes && bytes->size() == key_bytes;
}

bool offers_protocol(const RequestHead& request, std::string_view chosen) {
  const auto fields = request.fields();
  return std::any_of(fields.begin(), fields.end(), [&](const Field& field) {
    return field.id == FieldId::sec_websocket_protocol &&
           lists(request.value(field), [&](std::string_view item) { return item == chosen; });
  });
}

// The protocol prescribes it; nothing is secured by it.
std::string sha1(std::string_view bytes) {
  std::string digest(20, '\0');
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()),
                 nullptr, EVP_sha1(), nullptr);
  GH_ASSERT(done == 1);
  return digest;
}

}  // namespace

WebSocketWish websocket_wish(const RequestHead& head) {
  if (!head.wants_upgrade() || head.method() != Method::get ||
      head.version() != Version::http_1_1 || head.repeated(FieldId::upgrade)) {
    return WebSocketWish::none;
  }
  const auto is_websocket = [](std::string_view item) {
    return equals_ignoring_case(item, protocol);
  };
  if (!lists(head.value(FieldId::upgrade), is_websocket)) return WebSocketWish::none;
  // Bytes after the head would be a body to one reader and frames to another.
  if (head.framing() != Framing::none || head.repeated(FieldId::sec_websocket_key) ||
      head.repeated(FieldId::sec_websocket_version) ||
      !is_key(head.value(FieldId::sec_websocket_key))) {
    return WebSocketWish::malformed;
  }
  return head.value(FieldId::sec_websocket_version) == version ? WebSocketWish::opening
                                                               : WebSocketWish::other_version;
}

std::string websocket_accept(std::string_view key) {
  return to_base64(sha1(std::string(key).append(accept_suffix)));
}

bool opens_websocket(const RequestHead& request, const ResponseHead& answer) {
  if (answer.status() != 101 || answer.version() != Version::http_1_1 || !answer.wants_upgrade() ||
      answer.repeated(FieldId::upgrade) ||
      !equals_ignoring_case(answer.value(FieldId::upgrade), protocol) ||
      answer.find(FieldId::transfer_encoding) != nullptr || answer.content_length() > 0) {
    return false;
  }
  if (answer.repeated(FieldId::sec_websocket_accept) ||
      answer.value(FieldId::sec_websocket_accept) !=
          websocket_accept(request.value(FieldId::sec_websocket_key))) {
    return false;
  }
  if (answer.find(FieldId::sec_websocket_extensions) != nullptr &&
      request.find(FieldId::sec_websocket_extensions) == nullptr) {
    return false;
  }
  const Field* chosen = answer.find(FieldId::sec_websocket_protocol);
  return chosen == nullptr || (!answer.repeated(FieldId::sec_websocket_protocol) &&
                               offers_protocol(request, answer.value(*chosen)));
}

CloseFrame close_frame(CloseCode code) {
  const auto number = static_cast<std::uint16_t>(code);
  return {static_cast<char>(0x88), 2, static_cast<char>(number >> 8),
          static_cast<char>(number & 0xff)};
}

std::size_t FrameCounter::take(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (left_ > 0 && header_bytes_ == 0) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - at));
      left_ -= size;
      at += size;
    } else {
      take_header(static_cast<unsigned char>(bytes[at++]));
    }
    if (between_frames()) return at;
  }
  return at;
}

// Two bytes, then the rest of the length, then the mask.
void FrameCounter::take_header(unsigned char byte) {
  if (header_bytes_ == 0) {
    closed_ = closed_ || (byte & 0x0f) == 8;
  } else if (header_bytes_ == 1) {
    const unsigned length = byte & 0x7f;
    masking_bytes_ = (byte & 0x80) != 0 ? 4 : 0;
    length_bytes_ = length == 126 ? 2 : length == 127 ? 8 : 0;
    left_ = length < 126 ? length : 0;
  } else if (length_bytes_ > 0) {
    left_ = left_ << 8 | byte;
    --length_bytes_;
  } else {
    --masking_bytes_;
  }
  ++header_bytes_;
  if (header_bytes_ >= 2 && length_bytes_ == 0 && masking_bytes_ == 0) header_bytes_ = 0;
}

}  // namespace gatehouse::http
