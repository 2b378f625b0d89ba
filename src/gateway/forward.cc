// SPDX-License-Identifier: Apache-2.0
#include "gateway/forward.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/text.h"
#include "http/websocket.h"

namespace gatehouse::gateway {

namespace {

using http::FieldId;
using http::FieldSet;

// Never taken over from a client. The last three make a backend serve another target or method than
// the one that was judged.
constexpr FieldSet request_drops =
    http::hop_by_hop_fields | FieldSet{FieldId::host,
                                       FieldId::dpop,
                                       FieldId::expect,
                                       FieldId::activityid,
                                       FieldId::traceparent,
                                       FieldId::x_forwarded_for,
                                       FieldId::x_forwarded_host,
                                       FieldId::x_forwarded_port,
                                       FieldId::x_forwarded_proto,
                                       FieldId::forwarded,
                                       FieldId::x_real_ip,
                                       FieldId::x_jwt_assertion,
                                       FieldId::internal_key,
                                       FieldId::x_wso2_client_certificate,
                                       FieldId::x_original_url,
                                       FieldId::x_rewrite_url,
                                       FieldId::x_http_method_override};

constexpr FieldSet answer_drops = http::hop_by_hop_fields | FieldSet{FieldId::activityid};
constexpr FieldSet switch_drops = answer_drops | FieldSet{FieldId::content_length};
constexpr std::string_view switch_fields = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

constexpr std::size_t activity_max = 64;

bool is_activity_id(std::string_view text) {
  return !text.empty() && text.size() <= activity_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '-' ||
                  c == '_' || c == '.' || c == ':';
         });
}

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

// Version 00 as it is written down; zero ids are invalid.
bool is_traceparent(std::string_view text) {
  return text.size() == 55 && text.starts_with("00-") && text[35] == '-' && text[52] == '-' &&
         is_lower_hex(text.substr(3, 32)) && is_lower_hex(text.substr(36, 16)) &&
         is_lower_hex(text.substr(53, 2)) &&
         text.substr(3, 32).find_first_not_of('0') != std::string_view::npos &&
         text.substr(36, 16).find_first_not_of('0') != std::string_view::npos;
}

// 16 digits at once: a nibble to each byte, then what lifts it to its letter.
char* write_hex(char* at, std::uint64_t number) {
  const auto write_half = [](char* to, std::uint64_t half) {
    half = (half << 16 | half) & 0x0000ffff0000ffffULL;
    half = (half << 8 | half) & 0x00ff00ff00ff00ffULL;
    half = (half << 4 | half) & 0x0f0f0f0f0f0f0f0fULL;
    const std::uint64_t letters = ((half + 0x0606060606060606ULL) >> 4) & 0x0101010101010101ULL;
    half += 0x3030303030303030ULL + letters * ('a' - '9' - 1);
    if constexpr (std::endian::native == std::endian::little) half = __builtin_bswap64(half);
    std::memcpy(to, &half, sizeof half);
  };
  write_half(at, number >> 32);
  write_half(at + 8, number & 0xffffffffU);
  return at + 16;
}

// The bits that a UUID of version 4 has (RFC 9562, section 5.4). No trace id of these is zero.
std::uint64_t version_4(std::uint64_t high) { return (high & ~0xf000ULL) | 0x4000; }
std::uint64_t variant_1(std::uint64_t low) {
  return (low & ~(0xc000ULL << 48)) | (0x8000ULL << 48);
}

// A UUID of 32 digits.
void write_uuid(char* at, const char* digits) {
  constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  std::memcpy(at, form.data(), form.size());
  std::memcpy(at, digits, 8);
  std::memcpy(at + 9, digits + 8, 4);
  std::memcpy(at + 14, digits + 12, 4);
  std::memcpy(at + 19, digits + 16, 4);
  std::memcpy(at + 24, digits + 20, 12);
}

void append_all(std::string& out, const http::Head& head, FieldSet dropped,
                std::string_view also_dropped, std::string_view one_more) {
  for (const http::Field& field : head.fields()) {
    if (dropped.has(field.id) || field.named_by_connection) continue;
    const std::string_view name = head.name(field);
    if (http::is_same_field(name, also_dropped) || http::is_same_field(name, one_more)) continue;
    http::append_field(out, name, head.value(field));
  }
}

// True when the field is dropped by its id.
bool drop_known(const FieldName& name, FieldSet& dropped) {
  if (name.has_id()) dropped.add(name.id);
  return name.has_id();
}

// The client's fields without credentials.
void append_client_fields(std::string& out, const ForwardedRequest& request) {
  const Api& api = *request.exchange.api;
  const http::RequestHead& head = *request.exchange.head;
  FieldSet dropped = request_drops;
  if (!request.exchange.websocket) dropped = dropped | http::websocket_fields;
  if (!request.ids.trace_continued) dropped.add(FieldId::tracestate);
  const bool token_known = !api.takes_oauth() || drop_known(api.token_field(), dropped);
  const bool key_known = !api.takes_api_key() || drop_known(api.key_field(), dropped);
  if (token_known && key_known) {
    http::append_fields(out, head, dropped);
  } else {
    append_all(out, head, dropped, api.takes_oauth() ? api.token_field().text : "",
               api.takes_api_key() ? api.key_field().text : "");
  }
}

// The query without a credential in it.
void append_query(std::string& out, const Exchange& exchange) {
  std::string_view query = exchange.head->query();
  if (!exchange.head->has_query()) return;
  const bool may_have_key = exchange.api->takes_api_key();
  const bool may_have_token = exchange.websocket && exchange.api->takes_oauth();
  if (!may_have_key && !may_have_token) {
    out.append("?").append(query);
    return;
  }
  char separator = '?';
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (may_have_key && part.starts_with("apikey=")) continue;
    if (may_have_token && part.starts_with("access_token=")) continue;
    out += std::exchange(separator, '&');
    out += part;
  }
}

// What the gateway says of the client and of the call.
void append_own_fields(std::string& out, const ForwardedRequest& request) {
  const http::RequestHead& head = *request.exchange.head;
  const bool believed = request.trust == Trust::proxy;
  const auto given = [&](FieldId id) { return believed ? head.value(id) : std::string_view(); };
  out += "X-Forwarded-For: ";
  if (believed) {
    for (const http::Field& field : head.fields()) {
      if (field.id == FieldId::x_forwarded_for) http::append_texts(out, head.value(field), ", ");
    }
  }
  std::string_view proto = given(FieldId::x_forwarded_proto);
  if (proto.empty()) proto = request.exchange.tls ? "https" : "http";
  std::string_view host = given(FieldId::x_forwarded_host);
  if (host.empty()) host = head.authority();
  http::append_texts(out, request.socket_address, "\r\nX-Forwarded-Proto: ", proto,
                     "\r\nX-Forwarded-Host: ", host, "\r\nactivityid: ", request.ids.activity(),
                     "\r\ntraceparent: ", request.ids.trace(), "\r\n");
}

}  // namespace

CallIds call_ids(const http::RequestHead& head, std::uint64_t high, std::uint64_t low) {
  CallIds ids;
  std::array<char, 32> digits;
  write_hex(write_hex(digits.data(), version_4(high)), variant_1(low));
  const std::string_view activity = head.value(FieldId::activityid);
  if (is_activity_id(activity) && !head.repeated(FieldId::activityid)) {
    ids.activity_size = activity.size();
    std::copy(activity.begin(), activity.end(), ids.activity_room.begin());
  } else {
    write_uuid(ids.activity_room.data(), digits.data());
    ids.activity_size = 36;
  }
  const std::string_view parent = head.value(FieldId::traceparent);
  ids.trace_continued = is_traceparent(parent) && !head.repeated(FieldId::traceparent);
  if (ids.trace_continued) {
    std::copy(parent.begin(), parent.end(), ids.traceparent.begin());
  } else {
    std::copy_n("00-", 3, ids.traceparent.begin());
    std::copy(digits.begin(), digits.end(), ids.traceparent.begin() + 3);
    std::copy_n("-0000000000000000-00", 20, ids.traceparent.begin() + 35);
  }
  write_hex(ids.traceparent.data() + 36, (high ^ (low << 1)) | 1);  // our own span
  return ids;
}

void append_request(std::string& out, const ForwardedRequest& request) {
  const http::RequestHead& head = *request.exchange.head;
  const bool no_path = request.backend.base_path.empty() && request.exchange.rest.empty();
  http::append_texts(out, head.method_text(), " ", request.backend.base_path,
                     no_path ? "/" : request.exchange.rest);
  append_query(out, request.exchange);
  http::append_texts(out, " HTTP/1.1\r\nHost: ", request.backend.origin.authority(), "\r\n");
  append_client_fields(out, request);
  append_own_fields(out, request);
  if (head.framing() == http::Framing::chunked) out += "Transfer-Encoding: chunked\r\n";
  if (request.exchange.websocket) out += switch_fields;
  http::end_head(out);
}

AnswerFraming answer_framing(const http::ResponseHead& head, http::Version client) {
  const http::Framing framing = head.framing();
  if (framing == http::Framing::none || framing == http::Framing::length) {
    return AnswerFraming::as_is;
  }
  return client == http::Version::http_1_1 ? AnswerFraming::chunked : AnswerFraming::close;
}

namespace {

void append_persistence(std::string& out, const http::RequestHead* head, bool persists) {
  if (!persists) {
    out += "Connection: close\r\n";
  } else if (head != nullptr && head->version() == http::Version::http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
}

// A browser must see one CORS policy: the gateway's.
void append_without_cors(std::string& out, const http::Head& head) {
  constexpr std::string_view prefix = "access-control-";
  for (const http::Field& field : head.fields()) {
    const std::string_view name = head.name(field);
    if (answer_drops.has(field.id) || field.named_by_connection ||
        equals_ignoring_case(name.substr(0, prefix.size()), prefix)) {
      continue;
    }
    http::append_field(out, name, head.value(field));
  }
}

}  // namespace

void append_answer(std::string& out, const ForwardedAnswer& answer) {
  http::append_status_line(out, answer.head.status());
  if (answer.exchange.api->deployed.cors.enabled) {
    append_without_cors(out, answer.head);
  } else {
    http::append_fields(out, answer.head, answer_drops);
  }
  out += answer.exchange.fields;
  http::append_field(out, "activityid", answer.ids.activity());
  if (answer.framing == AnswerFraming::chunked) out += "Transfer-Encoding: chunked\r\n";
  append_persistence(out, answer.exchange.head, answer.persists);
  http::end_head(out);
}

void append_switch(std::string& out, const http::ResponseHead& head, const CallIds& ids) {
  http::append_status_line(out, head.status());
  http::append_fields(out, head, switch_drops);
  http::append_field(out, "activityid", ids.activity());
  out += switch_fields;
  http::end_head(out);
}

void append_own_answer(std::string& out, const OwnAnswer& answer, const CallIds& ids) {
  http::append_status_line(out, answer.status);
  out += answer.fields;
  http::append_field(out, "activityid", ids.activity());
  if (!answer.content_type.empty()) http::append_field(out, "Content-Type", answer.content_type);
  http::append_field(out, "Content-Length", answer.body.size());
  append_persistence(out, answer.head, answer.persists);
  http::end_head(out);
  const bool has_body = answer.head == nullptr || answer.head->method() != http::Method::head;
  if (has_body) out += answer.body;
}

}  // namespace gatehouse::gateway
