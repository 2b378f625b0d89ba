// SPDX-License-Identifier: Apache-2.0
#include "http/target.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/text.h"
#include "http/scan.h"

namespace gatehouse::http {
namespace {

// What to do with a character of a path, raw or behind a percent code.
enum class Treatment : std::uint8_t { plain, encoded, refused };

constexpr std::string_view plain_punctuation = "-._~!$&'()*,=:@";

constexpr std::array<Treatment, 256> treatments = [] {
  std::array<Treatment, 256> table{};
  for (std::size_t byte = 0; byte < table.size(); ++byte) {
    const bool control = byte < 0x20 || byte == 0x7f;
    table[byte] = control ? Treatment::refused : Treatment::encoded;
  }
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = Treatment::plain;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = Treatment::plain;
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = Treatment::plain;
  for (const char c : plain_punctuation) table[static_cast<unsigned char>(c)] = Treatment::plain;
  table['/'] = table['\\'] = Treatment::refused;
  return table;
}();

Treatment treatment(char c) { return treatments[static_cast<unsigned char>(c)]; }

unsigned hex_value(char c) {
  return static_cast<unsigned>(is_digit(c) ? c - '0' : ascii_lower(c) - 'a' + 10);
}

// The character of the code at `text[at]`, which is '%'; false when the code is broken.
bool read_code(std::string_view text, std::size_t at, char& c) {
  if (text.size() - at < 3 || !is_hex_digit(text[at + 1]) || !is_hex_digit(text[at + 2])) {
    return false;
  }
  c = static_cast<char>(hex_value(text[at + 1]) << 4 | hex_value(text[at + 2]));
  return true;
}

// True when nothing in the path needs a second look.
bool is_plain(std::string_view path) {
  if (path.empty() || path.front() != '/') return false;
  const std::size_t usual = usual_path_size(path);
  char before = usual == 0 ? 0 : path[usual - 1];
  for (const char c : path.substr(usual)) {
    if (c == '/') {
      if (before == '/') return false;
    } else if (c == '.') {
      if (before == '/') return false;
    } else if (treatment(c) != Treatment::plain && c != '+') {
      return false;
    }
    before = c;
  }
  return true;
}

class Normaliser {
 public:
  explicit Normaliser(std::span<char> room) : room_(room) {}

  // Returns why the path is refused, empty when it is not.
  std::string_view run(std::string_view path);
  std::string_view result() const { return {room_.data(), size_}; }

 private:
  std::string_view take_segment(std::string_view raw);
  std::string_view take_code(std::string_view raw, std::size_t at);
  std::string_view end_segment(std::size_t begin);
  bool climb();
  void put(char c) { room_[size_++] = c; }
  void put_code(char c);

  std::span<char> room_;
  std::size_t size_ = 0;
  bool high_codes_ = false;
};

std::string_view Normaliser::run(std::string_view path) {
  put('/');
  std::size_t at = 1;
  while (at <= path.size()) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::size_t begin = size_;
    std::string_view reason = take_segment(path.substr(at, slash - at));
    if (reason.empty()) reason = end_segment(begin);
    if (!reason.empty()) return reason;
    // Every segment that stays ends with the slash that stands before the next one.
    const bool last = slash == path.size();
    if (size_ > begin && !last) put('/');
    at = slash + 1;
  }
  if (high_codes_ && !is_utf8(decode_path(result()))) return "The path is not well-formed UTF-8";
  return {};
}

std::string_view Normaliser::take_segment(std::string_view raw) {
  for (std::size_t at = 0; at < raw.size(); ++at) {
    const char c = raw[at];
    if (c == '%') {
      const std::string_view reason = take_code(raw, at);
      if (!reason.empty()) return reason;
      at += 2;
    } else if (c == '\\') {
      return "The path has a backslash";
    } else if (!is_target_byte(c) || c == '#' || c == '?') {
      return "The path has a character that no path has";
    } else if (treatment(c) == Treatment::plain || c == '+') {
      put(c);
    } else {
      put_code(c);
    }
  }
  return {};
}

std::string_view Normaliser::take_code(std::string_view raw, std::size_t at) {
  char c = 0;
  if (!read_code(raw, at, c)) return "The path has a broken percent code";
  switch (treatment(c)) {
    case Treatment::plain: put(c); break;
    case Treatment::encoded: put_code(c); break;
    case Treatment::refused: return "The path has a percent code that no path needs";
  }
  high_codes_ |= static_cast<unsigned char>(c) >= 0x80;
  return {};
}

// Looks at a segment in its canonical form: only there does an attack have one spelling.
std::string_view Normaliser::end_segment(std::size_t begin) {
  const std::string_view segment = result().substr(begin);
  for (std::size_t at = segment.find("%25"); at != std::string_view::npos;
       at = segment.find("%25", at + 3)) {
    char hidden = 0;
    if (!read_code(segment, at + 2, hidden)) continue;
    const bool harmless =
        treatment(hidden) != Treatment::refused && hidden != '.' && hidden != '%' && hidden != ';';
    if (!harmless) return "The path hides a percent code in another";
  }
  const std::size_t semicolon = segment.find("%3B");
  const std::string_view name = segment.substr(0, semicolon);
  if (semicolon != std::string_view::npos && (name.empty() || name == "." || name == "..")) {
    return "The path hides a dot segment before ';'";
  }
  if (segment == ".") {
    size_ = begin;
  } else if (segment == "..") {
    size_ = begin;
    if (!climb()) return "The path climbs above its root";
  }
  return {};
}

// Removes the last segment and keeps the slash before it; false at the root.
bool Normaliser::climb() {
  if (size_ == 1) return false;
  --size_;
  while (room_[size_ - 1] != '/') --size_;
  return true;
}

void Normaliser::put_code(char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  put('%');
  put(digits[byte >> 4]);
  put(digits[byte & 15]);
}

}  // namespace

Result<std::string_view> normalise_path(std::string_view path, std::span<char> room) {
  if (path.empty()) return std::string_view("/");
  if (is_plain(path)) return path;
  if (path.front() != '/') {
    return fail(ErrorCode::invalid_argument, "The path does not begin with '/'");
  }
  GH_ASSERT(room.size() >= 3 * path.size());
  Normaliser normaliser(room);
  const std::string_view reason = normaliser.run(path);
  if (!reason.empty()) return fail(ErrorCode::invalid_argument, std::string(reason));
  return normaliser.result();
}

std::string decode_path(std::string_view canonical) {
  std::string text;
  text.reserve(canonical.size());
  for (std::size_t at = 0; at < canonical.size(); ++at) {
    char c = canonical[at];
    if (c == '%' && read_code(canonical, at, c)) at += 2;
    text.push_back(c);
  }
  return text;
}

}  // namespace gatehouse::http
