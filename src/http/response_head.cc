// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/text.h"
#include "http/head.h"
#include "http/scan.h"

namespace gatehouse::http {

void ResponseHead::clear() {
  clear_fields();
  status_ = 0;
}

HeadState ResponseHead::read(std::string_view bytes, Method request, const HeadLimits& limits) {
  rebase(bytes.data());
  const char* at = bytes.data() + next_line_;
  const char* const end = bytes.data() + std::min(bytes.size(), limits.bytes_max);
  HeadState state = HeadState::complete;
  if (!start_line_read_) {
    state = read_line(at, end);
    start_line_read_ = state == HeadState::complete;
  }
  if (state == HeadState::complete) {
    state = read_fields(at, end);
    next_line_ = static_cast<std::size_t>(at - bytes.data());
  }
  if (state == HeadState::complete) state = finish(request);
  if (state == HeadState::incomplete && bytes.size() >= limits.bytes_max) {
    state = refuse(502, "The header section is too large");
  }
  if (state == HeadState::refused) refusal_.status = 502;
  return state;
}

// Source: RFC 9112, section 4. The space before an empty reason may be missing, as many servers
// leave it out.
HeadState ResponseHead::read_line(const char*& at, const char* end) {
  constexpr std::string_view form = "HTTP/1.# ###";
  constexpr std::string_view usual = "HTTP/1.1 200 OK\r\n";
  if (std::string_view(at, static_cast<std::size_t>(end - at)).starts_with(usual)) {
    status_ = 200;
    version_ = Version::http_1_1;
    at += usual.size();
    return HeadState::complete;
  }
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (at + i == end) return HeadState::incomplete;
    const bool fits = form[i] == '#' ? is_digit(at[i]) : at[i] == form[i];
    if (!fits) return refuse(502, "The status line is malformed");
  }
  status_ = (at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0');
  if (at[7] > '1' || status_ < 100 || status_ > 599) {
    return refuse(502, "The status line is malformed");
  }
  const char* next = at + form.size();
  if (next == end) return HeadState::incomplete;
  if (*next == ' ') next = skip_value(next, end);
  if (next == end) return HeadState::incomplete;
  if (*next != '\r') return refuse(502, "The status line is malformed");
  if (end - next < 2) return HeadState::incomplete;
  if (next[1] != '\n') return refuse(502, "A carriage return stands alone");
  version_ = at[7] == '1' ? Version::http_1_1 : Version::http_1_0;
  at = next + 2;
  return HeadState::complete;
}

// Source: RFC 9112, section 6.3.
HeadState ResponseHead::finish(Method request) {
  if (finish_fields() == HeadState::refused) return HeadState::refused;
  const bool bodiless =
      status_ < 200 || status_ == 204 || status_ == 304 || request == Method::head;
  if (bodiless) {
    framing_ = Framing::none;
  } else if (chunked_) {
    framing_ = Framing::chunked;
  } else if (seen_.has(FieldId::content_length)) {
    framing_ = content_length_ > 0 ? Framing::length : Framing::none;
  } else {
    framing_ = Framing::until_close;
    keep_alive_ = false;
  }
  size_ = next_line_;
  return HeadState::complete;
}

}  // namespace gatehouse::http
