// SPDX-License-Identifier: Apache-2.0
#include "http/head.h"

#include <algorithm>

#include "core/text.h"
#include "http/scan.h"

namespace gatehouse::http {
namespace {

constexpr std::size_t connection_names_max = 16;

bool is_space(char c) { return c == ' ' || c == '\t'; }

// The next element of a comma-separated list, trimmed; `list` loses it.
std::string_view next_element(std::string_view& list) {
  const std::size_t comma = std::min(list.find(','), list.size());
  const std::string_view element = trim(list.substr(0, comma));
  list.remove_prefix(std::min(comma + 1, list.size()));
  return element;
}

}  // namespace

const Field* Head::find(FieldId id) const {
  if (!seen_.has(id)) return nullptr;
  return &fields_[first_[static_cast<std::size_t>(id)]];
}

std::string_view Head::value(FieldId id) const {
  const Field* field = find(id);
  return field == nullptr ? std::string_view() : value(*field);
}

const Field* Head::find(std::string_view wanted) const {
  for (const Field& field : fields()) {
    if (equals_ignoring_case(name(field), wanted)) return &field;
  }
  return nullptr;
}

void Head::clear_fields() {
  size_ = 0;
  next_line_ = 0;
  start_line_read_ = false;
  framing_ = Framing::none;
  keep_alive_ = false;
  wants_upgrade_ = false;
  chunked_ = false;
  option_close_ = false;
  option_keep_alive_ = false;
  option_upgrade_ = false;
  names_others_ = false;
  content_length_ = 0;
  seen_ = {};
  repeated_ = {};
  refusal_ = {};
  field_count_ = 0;
}

HeadState Head::refuse(int status, std::string_view reason) {
  refusal_ = {status, reason};
  return HeadState::refused;
}

Slice Head::slice(const char* begin, const char* end) const {
  return {static_cast<std::uint16_t>(begin - bytes_), static_cast<std::uint16_t>(end - begin)};
}

// Reads lines from `at` to the empty line; `at` ends behind the last complete line.
HeadState Head::read_fields(const char*& at, const char* end) {
  for (;;) {
    if (at == end) return HeadState::incomplete;
    if (*at == '\r') {
      if (end - at < 2) return HeadState::incomplete;
      if (at[1] != '\n') return refuse(400, "A carriage return stands alone");
      at += 2;
      return HeadState::complete;
    }
    if (*at == '\n') return refuse(400, "A line ends without a carriage return");
    if (is_space(*at)) return refuse(400, "A header line is folded");
    if (field_count_ == head_fields_max) return refuse(431, "There are too many header fields");

    const char* const name_end = skip_token(at, end);
    if (name_end == end) return HeadState::incomplete;
    if (*name_end != ':' || name_end == at) return refuse(400, "A header name is malformed");

    const char* value = name_end + 1;
    while (value != end && is_space(*value)) ++value;
    const char* const line_end = skip_value(value, end);
    if (line_end == end) return HeadState::incomplete;
    if (*line_end == '\n') return refuse(400, "A line ends without a carriage return");
    if (*line_end != '\r') return refuse(400, "A header value has a control byte");
    if (end - line_end < 2) return HeadState::incomplete;
    if (line_end[1] != '\n') return refuse(400, "A carriage return stands alone");

    const char* value_end = line_end;
    while (value_end != value && is_space(value_end[-1])) --value_end;
    const Slice name_slice = slice(at, name_end);
    if (take_field(name_slice, slice(value, value_end), line_end) == HeadState::refused) {
      return HeadState::refused;
    }
    at = line_end + 2;
  }
}

// From here on `complete` means taken: the reader goes on.
HeadState Head::take_field(Slice name, Slice value, const char* line_end) {
  Field& field = fields_[field_count_];
  field.name = name;
  field.value = value;
  field.id = field_id(text(name));
  field.named_by_connection = false;
  field.plain = value.begin == name.end() + 2 && bytes_[name.end() + 1] == ' ' &&
                bytes_ + value.end() == line_end;
  if (field.id == FieldId::other) {
    ++field_count_;
    return HeadState::complete;
  }
  if (seen_.has(field.id)) {
    repeated_.add(field.id);
  } else {
    seen_.add(field.id);
    first_[static_cast<std::size_t>(field.id)] = static_cast<std::uint8_t>(field_count_);
  }
  ++field_count_;
  return take_known(field);
}

HeadState Head::take_known(const Field& field) {
  switch (field.id) {
    case FieldId::connection: return take_connection(value(field));
    case FieldId::content_length:
      if (repeated_.has(field.id)) return refuse(400, "Content-Length is repeated");
      return take_length(value(field));
    case FieldId::transfer_encoding:
      if (repeated_.has(field.id)) return refuse(400, "Transfer-Encoding is repeated");
      if (!equals_ignoring_case(value(field), "chunked")) {
        return refuse(400, "Transfer-Encoding is not exactly 'chunked'");
      }
      chunked_ = true;
      return HeadState::complete;
    case FieldId::host:
      if (repeated_.has(field.id)) return refuse(400, "Host is repeated");
      return HeadState::complete;
    case FieldId::twin:
      if (is_same_field(name(field), "Content-Length") ||
          is_same_field(name(field), "Transfer-Encoding") || is_same_field(name(field), "Host")) {
        return refuse(400, "A framing field is written with '_'");
      }
      return HeadState::complete;
    default: return HeadState::complete;
  }
}

// Source: RFC 9112, section 6.3. "+5", "5,5", "0x5" and "05" are refused: readers differ on them.
HeadState Head::take_length(std::string_view value) {
  const bool padded = value.size() > 1 && value.front() == '0';
  const auto length = parse_number(value);
  if (!length || padded || value.size() > 18) return refuse(400, "Content-Length is not a number");
  content_length_ = *length;
  return HeadState::complete;
}

HeadState Head::take_connection(std::string_view value) {
  while (!value.empty()) {
    const std::string_view name = next_element(value);
    if (name.empty()) continue;
    if (skip_token(name.data(), name.data() + name.size()) != name.data() + name.size()) {
      return refuse(400, "Connection is malformed");
    }
    const FieldId id = field_id(name);
    if (!connection_may_name.has(id)) return refuse(400, "Connection names a protected field");
    option_upgrade_ |= id == FieldId::upgrade;
    option_keep_alive_ |= id == FieldId::keep_alive;
    if (id != FieldId::other) continue;
    if (equals_ignoring_case(name, "close")) {
      option_close_ = true;
    } else {
      names_others_ = true;
    }
  }
  return HeadState::complete;
}

// Marks what one Connection field names; `budget` bounds the work of all of them.
HeadState Head::mark_named_fields(std::string_view names, std::size_t& budget) {
  while (!names.empty()) {
    const std::string_view wanted = next_element(names);
    if (wanted.empty() || field_id(wanted) != FieldId::other) continue;
    if (budget == 0) return refuse(400, "Connection names too many fields");
    --budget;
    for (Field& field : std::span(fields_.data(), field_count_)) {
      if (field.id == FieldId::other && is_same_field(name(field), wanted)) {
        field.named_by_connection = true;
      }
    }
  }
  return HeadState::complete;
}

// Everything that only the whole field section tells.
HeadState Head::finish_fields() {
  if (chunked_ && seen_.has(FieldId::content_length)) {
    return refuse(400, "Content-Length and Transfer-Encoding exclude each other");
  }
  if (chunked_ && version_ == Version::http_1_0) {
    return refuse(400, "HTTP/1.0 has no Transfer-Encoding");
  }
  keep_alive_ = !option_close_ && (version_ == Version::http_1_1 || option_keep_alive_);
  wants_upgrade_ = option_upgrade_ && seen_.has(FieldId::upgrade);
  if (!names_others_) return HeadState::complete;
  std::size_t budget = connection_names_max;
  for (const Field& field : fields()) {
    if (field.id != FieldId::connection) continue;
    if (mark_named_fields(value(field), budget) == HeadState::refused) return HeadState::refused;
  }
  return HeadState::complete;
}

}  // namespace gatehouse::http
