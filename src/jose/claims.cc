// SPDX-License-Identifier: Apache-2.0
#include "jose/claims.h"

#include <fmt/format.h>

#include <optional>

namespace gatehouse::jose {

namespace {

// Later than this a time is nonsense, and its milliseconds would not fit: year 9999.
constexpr double seconds_max = 253'402'300'799.0;

tl::unexpected<Error> refuse(std::string why) {
  return fail(ErrorCode::unauthenticated, "The token is not valid", std::move(why),
              invalid_credentials);
}

// Absent: nothing. A NumericDate (RFC 7519, section 2) may have a fraction.
Result<std::optional<Instant>> instant_of(const json::object& claims, std::string_view name) {
  const json::value* value = claims.if_contains(name);
  if (value == nullptr) return std::optional<Instant>();
  double seconds = -1;
  if (value->is_int64()) seconds = static_cast<double>(value->get_int64());
  if (value->is_uint64()) seconds = static_cast<double>(value->get_uint64());
  if (value->is_double()) seconds = value->get_double();
  if (seconds < 0 || seconds > seconds_max) {
    return refuse(fmt::format("{} is not a time", name));
  }
  return std::optional<Instant>(from_ms(static_cast<std::int64_t>(seconds * 1000)));
}

bool is_text(const json::value* value, std::string_view text) {
  return value != nullptr && value->is_string() && std::string_view(value->get_string()) == text;
}

}  // namespace

bool names_audience(const json::object& claims, std::string_view audience) {
  const json::value* value = claims.if_contains("aud");
  if (value == nullptr) return false;
  if (!value->is_array()) return is_text(value, audience);
  bool found = false;
  for (const json::value& entry : value->get_array()) {
    if (!entry.is_string()) return false;
    found = found || is_text(&entry, audience);
  }
  return found;
}

Result<Lifetime> check_claims(const json::object& claims, const Expected& expected) {
  GH_TRY(expires_at, instant_of(claims, "exp"));
  GH_TRY(not_before, instant_of(claims, "nbf"));
  GH_TRY(issued_at, instant_of(claims, "iat"));
  if (!expires_at) return refuse("exp is missing");
  if (!is_text(claims.if_contains("iss"), expected.issuer)) return refuse("another issuer");
  if (!expected.audience.empty() && !names_audience(claims, expected.audience)) {
    return refuse("another audience");
  }
  if (not_before && *not_before > expected.now + expected.leeway) return refuse("not yet valid");
  if (*expires_at + expected.leeway <= expected.now) {
    return fail(ErrorCode::unauthenticated, "The token has expired", "", access_token_expired);
  }
  return Lifetime{issued_at.value_or(Instant{}), *expires_at};
}

}  // namespace gatehouse::jose
