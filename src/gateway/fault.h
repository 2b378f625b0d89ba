// SPDX-License-Identifier: Apache-2.0
//
// What the gateway itself answers when a call does not reach its backend: code, status and texts,
// and the body in JSON, or in XML for a client that accepts nothing else.
//
// Failures of the connection to a backend have a status that tells balancers what to do: 503 when
// nothing was connected (101503), 504 when it took too long (101504, 101508), 502 when the answer
// broke off or was not HTTP (101505, 101500). WSO2 answers 500 to all of them; the codes are its
// own.
//
// Thread:  pure functions.
// Source:  the codes of WSO2 API Manager, with the changes that the first paragraph names.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace gatehouse::gateway {

enum class FaultCode : std::uint32_t {
  bad_request = 400,
  unsupported_transport = 403,
  not_found = 404,
  method_not_allowed = 405,
  upgrade_required = 426,
  too_many_tokens = 429,
  api_blocked = 700700,
  origin_refused = 900425,
  api_limit = 900800,
  backend_limit = 900801,
  resource_limit = 900802,
  application_limit = 900803,
  subscription_limit = 900804,
  subscription_burst = 900807,
  application_burst = 900809,
  key_manager_unavailable = 900900,
  invalid_credentials = 900901,
  missing_credentials = 900902,
  token_expired = 900903,
  token_type = 900905,
  subscription_blocked = 900907,
  not_subscribed = 900908,
  subscription_inactive = 900909,
  scope_missing = 900910,
  certificate_refused = 900911,
  incomplete_payload = 102511,
  backend_protocol = 101500,
  backend_unreachable = 101503,
  backend_timeout = 101504,
  backend_closed = 101505,
  backend_connect_timeout = 101508,
};

enum class FaultForm : std::uint8_t { json, xml };

// A fault of one request. A code below 600 is the status itself. Only limits carry the lower part.
struct Fault {
  FaultCode code{};
  std::uint16_t status = 0;      // 0: the usual one of the code
  std::string_view description;  // empty: the usual one; a literal that needs no escaping

  std::string_view dpop_error;  // of a DPoP proof or its token (RFC 9449, section 7.1); a literal

  std::chrono::milliseconds retry_after{0};
  std::string_view policy;  // that refused; lives in the snapshot
  std::uint64_t quota = 0;
  std::chrono::milliseconds window{0};
};

// HTTP status of a fault.
std::uint16_t status_of(const Fault& fault);
bool is_limit(FaultCode code);

// What the client accepts, from its Accept field: XML only when it names an XML type and nothing
// that JSON would satisfy.
FaultForm fault_form(std::string_view accept);

// `now` gives nextAccessTime its date.
std::string fault_body(const Fault& fault, FaultForm form, Instant now);

// The fields that a fault carries beside the body's own: WWW-Authenticate, Retry-After, RateLimit
// and RateLimit-Policy; each line ends with CRLF.
std::string fault_fields(const Fault& fault);

std::string_view content_type(FaultForm form);

}  // namespace gatehouse::gateway
