// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "core/text.h"
#include "http/authority.h"
#include "http/head.h"
#include "http/scan.h"

namespace gatehouse::http {
namespace {

constexpr std::size_t method_bytes_max = 32;

Method method_of(std::string_view text) {
  switch (text.size()) {
    case 3:
      if (text == "GET") return Method::get;
      if (text == "PUT") return Method::put;
      break;
    case 4:
      if (text == "POST") return Method::post;
      if (text == "HEAD") return Method::head;
      break;
    case 5:
      if (text == "PATCH") return Method::patch;
      if (text == "TRACE") return Method::trace;
      break;
    case 6:
      if (text == "DELETE") return Method::delete_;
      break;
    case 7:
      if (text == "OPTIONS") return Method::options;
      break;
    default: break;
  }
  return Method::other;
}

// The length of "http://" or "https://" at the beginning of `target`, or 0.
std::size_t scheme_size(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equals_ignoring_case(target.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

// The authority without the port that its scheme has anyway.
std::pair<std::string_view, std::uint16_t> normal(const Authority& authority) {
  const bool usual = authority.port == 80 || authority.port == 443;
  return {authority.host, usual ? std::uint16_t{0} : authority.port};
}

bool agree(const Authority& a, const Authority& b) {
  const auto [a_host, a_port] = normal(a);
  const auto [b_host, b_port] = normal(b);
  return a_port == b_port && equals_ignoring_case(a_host, b_host);
}

}  // namespace

void RequestHead::clear() {
  clear_fields();
  method_ = Method::other;
  has_query_ = false;
  absolute_ = false;
  expects_continue_ = false;
  path_ = query_ = authority_ = host_ = {};
}

HeadState RequestHead::read(std::string_view bytes, const HeadLimits& limits) {
  rebase(bytes.data());
  const char* at = bytes.data() + next_line_;
  const char* const end = bytes.data() + std::min(bytes.size(), limits.bytes_max);
  HeadState state = HeadState::complete;
  if (!start_line_read_) {
    state = read_line(at, end, limits.target_max);
    start_line_read_ = state == HeadState::complete;
  }
  if (state == HeadState::complete) {
    state = read_fields(at, end);
    next_line_ = static_cast<std::size_t>(at - bytes.data());
  }
  if (state == HeadState::complete) return finish();
  if (state == HeadState::incomplete && bytes.size() >= limits.bytes_max) {
    return refuse(431, "The header section is too large");
  }
  return state;
}

// Source: RFC 9112, section 3; one empty line before it is taken, as section 2.2 asks.
HeadState RequestHead::read_line(const char*& at, const char* end, std::size_t target_max) {
  const char* next = at;
  if (next != end && *next == '\r') {
    if (end - next < 2) return HeadState::incomplete;
    if (next[1] != '\n') return refuse(400, "A carriage return stands alone");
    next += 2;
  }
  const auto window = [end](const char* from, std::size_t bytes_max) {
    return static_cast<std::size_t>(end - from) > bytes_max ? from + bytes_max + 1 : end;
  };
  const char* const method = next;
  next = skip_token(method, window(method, method_bytes_max));
  if (static_cast<std::size_t>(next - method) > method_bytes_max) {
    return refuse(501, "The method is too long");
  }
  if (next == end) return HeadState::incomplete;
  if (*next != ' ' || next == method) return refuse(400, "The request line is malformed");

  const char* const target = next + 1;
  next = skip_target(target, window(target, target_max));
  if (static_cast<std::size_t>(next - target) > target_max) {
    return refuse(414, "The request target is too long");
  }
  if (next == end) return HeadState::incomplete;
  if (*next != ' ' || next == target) return refuse(400, "The request line is malformed");

  const Slice method_slice = slice(method, target - 1);
  const Slice target_slice = slice(target, next);
  ++next;
  const HeadState state = read_version(next, end);
  if (state != HeadState::complete) return state;
  at = next;
  return take_line(method_slice, target_slice);
}

// Byte by byte, so that a wrong one is refused as soon as it is there; the usual one at once.
HeadState RequestHead::read_version(const char*& at, const char* end) {
  constexpr std::string_view form = "HTTP/#.#\r\n";
  constexpr std::string_view usual = "HTTP/1.1\r\n";
  if (std::string_view(at, static_cast<std::size_t>(end - at)).starts_with(usual)) {
    version_ = Version::http_1_1;
    at += usual.size();
    return HeadState::complete;
  }
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (at + i == end) return HeadState::incomplete;
    const bool fits = form[i] == '#' ? is_digit(at[i]) : at[i] == form[i];
    if (!fits) return refuse(400, "The HTTP version is malformed");
    if (i == 7 && (at[5] != '1' || at[7] > '1')) return refuse(505, "Only HTTP/1.1 is spoken here");
  }
  version_ = at[7] == '1' ? Version::http_1_1 : Version::http_1_0;
  at += form.size();
  return HeadState::complete;
}

HeadState RequestHead::take_line(Slice method, Slice target) {
  method_slice_ = method;
  target_ = target;
  method_ = method_of(text(method));
  if (text(method) == "CONNECT") return refuse(501, "This server is not a tunnel");
  if (text(target).find('#') != std::string_view::npos) {
    return refuse(400, "The request target has a fragment");
  }
  return take_target();
}

// Source: RFC 9112, section 3.2.
HeadState RequestHead::take_target() {
  const std::string_view whole = target();
  path_ = target_;
  if (whole == "*") {
    if (method_ == Method::options) return HeadState::complete;
    return refuse(400, "Only OPTIONS has the target '*'");
  }
  if (whole.front() != '/') {
    const std::size_t scheme = scheme_size(whole);
    if (scheme == 0) return refuse(400, "The request target is malformed");
    const HeadState state = take_absolute_target(scheme);
    if (state != HeadState::complete) return state;
  }
  const std::size_t mark = path().find('?');
  if (mark != std::string_view::npos) {
    has_query_ = true;
    query_.begin = static_cast<std::uint16_t>(path_.begin + mark + 1);
    query_.size = static_cast<std::uint16_t>(path_.size - mark - 1);
    path_.size = static_cast<std::uint16_t>(mark);
  }
  return HeadState::complete;
}

HeadState RequestHead::take_absolute_target(std::size_t scheme_size) {
  const std::string_view rest = target().substr(scheme_size);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  const std::optional<Authority> parsed = parse_authority(authority);
  if (!parsed) return refuse(400, "The host of the request target is malformed");
  absolute_ = true;
  authority_ = slice(authority.data(), authority.data() + authority.size());
  host_ = slice(parsed->host.data(), parsed->host.data() + parsed->host.size());
  path_ = slice(authority.data() + authority.size(), rest.data() + rest.size());
  return HeadState::complete;
}

HeadState RequestHead::take_host(Slice field) {
  const std::string_view said = text(field);
  if (absolute_ || said.empty() || said != std::string_view(said_host_.data(), said_size_)) {
    const std::optional<Authority> parsed = parse_authority(said);
    if (!parsed) return refuse(400, "Host is malformed");
    if (absolute_ && !agree(*parsed, *parse_authority(authority()))) {
      return refuse(400, "Host and the request target differ");
    }
    const bool fits = said.size() <= said_host_.size();
    said_size_ = static_cast<std::uint8_t>(fits ? said.copy(said_host_.data(), said.size()) : 0);
    said_host_size_ = static_cast<std::uint8_t>(parsed->host.size());
  }
  authority_ = field;
  host_ = {field.begin, said_host_size_};
  return HeadState::complete;
}

HeadState RequestHead::finish() {
  if (finish_fields() == HeadState::refused) return HeadState::refused;
  const Field* host_field = find(FieldId::host);
  if (host_field == nullptr) {
    if (version_ == Version::http_1_1) return refuse(400, "Host is missing");
  } else {
    if (take_host(host_field->value) == HeadState::refused) return HeadState::refused;
  }
  if (const Field* expect = find(FieldId::expect)) {
    if (repeated(FieldId::expect) || !equals_ignoring_case(value(*expect), "100-continue")) {
      return refuse(417, "Only '100-continue' may be expected");
    }
    expects_continue_ = version_ == Version::http_1_1;
  }
  if (chunked_) {
    framing_ = Framing::chunked;
  } else if (content_length_ > 0) {
    framing_ = Framing::length;
  }
  size_ = next_line_;
  return HeadState::complete;
}

}  // namespace gatehouse::http
