// SPDX-License-Identifier: Apache-2.0
#include "http/body.h"

#include <algorithm>
#include <charconv>

#include "core/text.h"
#include "http/scan.h"

namespace gatehouse::http {
namespace {

constexpr std::uint8_t size_digits_max = 16;
constexpr std::uint64_t chunk_bytes_max = std::uint64_t{1} << 62;

// Fields that decide about framing, routing, identity or the reading of the body come too late in a
// trailer (RFC 9110, section 6.5.1).
constexpr FieldSet too_late = hop_by_hop_fields | FieldSet{FieldId::content_length,
                                                           FieldId::host,
                                                           FieldId::authorization,
                                                           FieldId::cookie,
                                                           FieldId::set_cookie,
                                                           FieldId::content_type,
                                                           FieldId::content_encoding,
                                                           FieldId::expect,
                                                           FieldId::apikey,
                                                           FieldId::internal_key,
                                                           FieldId::activityid,
                                                           FieldId::forwarded,
                                                           FieldId::x_forwarded_for,
                                                           FieldId::x_forwarded_host,
                                                           FieldId::x_forwarded_port,
                                                           FieldId::x_forwarded_proto,
                                                           FieldId::x_real_ip,
                                                           FieldId::x_jwt_assertion,
                                                           FieldId::x_original_url,
                                                           FieldId::x_rewrite_url,
                                                           FieldId::x_wso2_client_certificate,
                                                           FieldId::x_http_method_override,
                                                           FieldId::location,
                                                           FieldId::range,
                                                           FieldId::cache_control,
                                                           FieldId::origin,
                                                           FieldId::soapaction};

unsigned hex_value(char c) {
  return static_cast<unsigned>(is_digit(c) ? c - '0' : ascii_lower(c) - 'a' + 10);
}

}  // namespace

void ChunkedReader::clear() {
  stage_ = Stage::size_first;
  digits_ = 0;
  trailer_count_ = 0;
  extension_bytes_ = 0;
  left_ = 0;
  reason_ = {};
  trailers_.clear();
  line_begin_ = 0;
}

ChunkedReader::Step ChunkedReader::read(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && stage_ != Stage::done && stage_ != Stage::refused) {
    if (stage_ != Stage::data) {
      take(bytes[at++]);
      continue;
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - at));
    left_ -= size;
    if (left_ == 0) stage_ = Stage::data_cr;
    return {at + size, bytes.substr(at, size)};
  }
  return {at, {}};
}

void ChunkedReader::refuse(std::string_view reason) {
  stage_ = Stage::refused;
  reason_ = reason;
}

void ChunkedReader::take(char c) {
  switch (stage_) {
    case Stage::size_first:
    case Stage::size: return take_size(c);
    case Stage::extension:
      if (c == '\r') {
        stage_ = Stage::size_end;
      } else if (!is_value_byte(c)) {
        refuse("A chunk extension has a control byte");
      } else if (++extension_bytes_ > extension_bytes_max) {
        refuse("The chunk extensions are too large");
      }
      return;
    case Stage::size_end:
      if (c != '\n') return refuse("A chunk size does not end with CRLF");
      return end_size();
    case Stage::data_cr:
      if (c != '\r') return refuse("A chunk is longer than its size");
      stage_ = Stage::data_lf;
      return;
    case Stage::data_lf:
      if (c != '\n') return refuse("A chunk does not end with CRLF");
      stage_ = Stage::size_first;
      return;
    case Stage::trailer_first:
    case Stage::trailer:
    case Stage::trailer_lf: return take_trailer(c);
    case Stage::end_lf:
      if (c != '\n') return refuse("The last chunk does not end with CRLF");
      stage_ = Stage::done;
      return;
    case Stage::data:
    case Stage::done:
    case Stage::refused: GH_ASSERT_NOT_REACHED();
  }
}

void ChunkedReader::take_size(char c) {
  if (is_hex_digit(c)) {
    if (stage_ == Stage::size_first) left_ = digits_ = 0;
    stage_ = Stage::size;
    left_ = left_ << 4 | hex_value(c);
    if (++digits_ > size_digits_max || left_ > chunk_bytes_max) refuse("A chunk is too large");
  } else if (stage_ == Stage::size_first) {
    refuse("A chunk size is malformed");
  } else if (c == '\r') {
    stage_ = Stage::size_end;
  } else if (c == ';') {
    stage_ = Stage::extension;
  } else {
    refuse("A chunk size is malformed");
  }
}

void ChunkedReader::end_size() {
  if (left_ > 0) {
    stage_ = Stage::data;
  } else {
    stage_ = Stage::trailer_first;
    line_begin_ = 0;
  }
}

void ChunkedReader::take_trailer(char c) {
  if (stage_ == Stage::trailer_lf) {
    if (c != '\n') return refuse("A trailer line does not end with CRLF");
    return end_trailer();
  }
  if (c == '\r') {
    stage_ = stage_ == Stage::trailer_first ? Stage::end_lf : Stage::trailer_lf;
    return;
  }
  if (!is_value_byte(c)) return refuse("A trailer has a control byte");
  if (trailers_.size() >= trailer_bytes_max) return refuse("The trailers are too large");
  stage_ = Stage::trailer;
  trailers_.push_back(c);
}

void ChunkedReader::end_trailer() {
  const std::string_view line = std::string_view(trailers_).substr(line_begin_);
  const std::string_view name = line.substr(0, line.find(':'));
  const char* const name_end = name.data() + name.size();
  if (name.empty() || name.size() == line.size() || skip_token(name.data(), name_end) != name_end) {
    return refuse("A trailer name is malformed");
  }
  if (too_late.has(field_id(name))) return refuse("A trailer has a field that must be in the head");
  if (++trailer_count_ > trailer_fields_max) return refuse("There are too many trailers");
  trailers_ += "\r\n";
  line_begin_ = trailers_.size();
  stage_ = Stage::trailer_first;
}

void BodyReader::begin(Framing framing, std::uint64_t content_length) {
  framing_ = framing;
  left_ = framing == Framing::length ? content_length : 0;
  reason_ = {};
  const bool empty = framing == Framing::none || (framing == Framing::length && left_ == 0);
  state_ = empty ? State::done : State::reading;
  if (framing == Framing::chunked) chunked_.clear();
}

BodyReader::Step BodyReader::read(std::string_view bytes) {
  if (state_ != State::reading) return {};
  switch (framing_) {
    case Framing::chunked: {
      const Step step = chunked_.read(bytes);
      if (chunked_.done()) state_ = State::done;
      if (chunked_.refused()) {
        state_ = State::refused;
        reason_ = chunked_.reason();
      }
      return step;
    }
    case Framing::length: {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      left_ -= size;
      if (left_ == 0) state_ = State::done;
      return {size, bytes.substr(0, size)};
    }
    case Framing::until_close: return {bytes.size(), bytes};
    case Framing::none: break;
  }
  GH_ASSERT_NOT_REACHED();
}

void BodyReader::end_of_stream() {
  if (state_ != State::reading) return;
  if (framing_ == Framing::until_close) {
    state_ = State::done;
  } else {
    state_ = State::refused;
    reason_ = "The body ends too early";
  }
}

std::string_view chunk_head(ChunkHead& room, std::size_t size) {
  char* end = std::to_chars(room.data(), room.data() + 16, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return {room.data(), static_cast<std::size_t>(end - room.data())};
}

}  // namespace gatehouse::http
