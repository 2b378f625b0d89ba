// SPDX-License-Identifier: Apache-2.0
//
// The header fields that this program treats by name, as small numbers: whoever forwards, drops or
// reads one compares a byte, not a string.
//
// Thread:  pure functions.
// Source:  RFC 9110, RFC 9112; the forwarding fields are those of every proxy since Squid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace gatehouse::http {

// `twin`: a name that becomes one of the others when '_' is read as '-'. Many backends read it so,
// therefore it is never forwarded.
enum class FieldId : std::uint8_t {
  other,
  twin,
  accept,
  accept_encoding,
  access_control_request_headers,
  access_control_request_method,
  activityid,
  age,
  apikey,
  authorization,
  cache_control,
  connection,
  content_encoding,
  content_length,
  content_type,
  cookie,
  date,
  dpop,
  etag,
  expect,
  forwarded,
  host,
  http2_settings,
  if_modified_since,
  if_none_match,
  internal_key,
  keep_alive,
  location,
  origin,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  range,
  referer,
  retry_after,
  sec_websocket_accept,
  sec_websocket_extensions,
  sec_websocket_key,
  sec_websocket_protocol,
  sec_websocket_version,
  server,
  set_cookie,
  soapaction,
  te,
  traceparent,
  tracestate,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  vary,
  via,
  www_authenticate,
  x_forwarded_for,
  x_forwarded_host,
  x_forwarded_port,
  x_forwarded_proto,
  x_http_method_override,
  x_jwt_assertion,
  x_original_url,
  x_real_ip,
  x_request_id,
  x_rewrite_url,
  x_wso2_client_certificate,
};
inline constexpr std::size_t field_id_count = 64;

// The id of a name in any case, `twin` or `other`.
FieldId field_id(std::string_view name);
// The usual spelling, "Content-Length"; empty for `other` and `twin`.
std::string_view field_name(FieldId id);

// True when the names are equal without case and with '_' read as '-'.
bool is_same_field(std::string_view a, std::string_view b);

// A set of ids.
class FieldSet {
 public:
  constexpr FieldSet() = default;
  constexpr FieldSet(std::initializer_list<FieldId> ids) {
    for (const FieldId id : ids) add(id);
  }

  constexpr void add(FieldId id) { bits_ |= bit(id); }
  constexpr bool has(FieldId id) const { return (bits_ & bit(id)) != 0; }
  constexpr FieldSet operator|(FieldSet other) const {
    FieldSet both = *this;
    both.bits_ |= other.bits_;
    return both;
  }

 private:
  static constexpr std::uint64_t bit(FieldId id) {
    return std::uint64_t{1} << static_cast<unsigned>(id);
  }

  std::uint64_t bits_ = 0;
};
static_assert(field_id_count <= 64);

// Fields of one connection, never of the message: a proxy removes them (RFC 9110, section 7.6.1).
inline constexpr FieldSet hop_by_hop_fields = {FieldId::connection,
                                               FieldId::keep_alive,
                                               FieldId::proxy_connection,
                                               FieldId::te,
                                               FieldId::trailer,
                                               FieldId::transfer_encoding,
                                               FieldId::upgrade,
                                               FieldId::http2_settings,
                                               FieldId::proxy_authenticate,
                                               FieldId::proxy_authorization,
                                               FieldId::twin};

// What `Connection` may name beside its own options; naming any other field of the list above would
// make a proxy strip what framing, identity or security stand on.
inline constexpr FieldSet connection_may_name = {
    FieldId::keep_alive, FieldId::proxy_connection, FieldId::te,   FieldId::trailer,
    FieldId::upgrade,    FieldId::http2_settings,   FieldId::other};

}  // namespace gatehouse::http
