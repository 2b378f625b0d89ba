// SPDX-License-Identifier: Apache-2.0
#include "jose/dpop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/digest.h"
#include "core/text.h"
#include "jose/jwt.h"

namespace gatehouse::jose {

namespace {

tl::unexpected<Error> refuse(std::string why) {
  return fail(ErrorCode::unauthenticated, "The DPoP proof does not hold", std::move(why));
}

bool is_unreserved(char c) {
  return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || is_digit(c) || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

// RFC 3986, sections 6.2.2.1 and 6.2.2.2.
std::string comparable_path(std::string_view path) {
  std::string made;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const bool coded = path[i] == '%' && i + 2 < path.size() && is_hex_digit(path[i + 1]) &&
                       is_hex_digit(path[i + 2]);
    if (!coded) {
      made += path[i];
      continue;
    }
    const Result<std::string> plain = percent_decode(path.substr(i, 3));
    if (plain && plain->size() == 1 && is_unreserved(plain->front())) {
      made += *plain;
    } else {
      made += {'%', upper(path[i + 1]), upper(path[i + 2])};
    }
    i += 2;
  }
  return made.empty() ? "/" : made;
}

Result<Instant> instant_of(const json::object& claims) {
  constexpr double seconds_max = 253'402'300'799.0;  // year 9999
  const json::value* value = claims.if_contains("iat");
  double seconds = -1;
  if (value != nullptr && value->is_int64()) seconds = static_cast<double>(value->get_int64());
  if (value != nullptr && value->is_double()) seconds = value->get_double();
  if (!std::isfinite(seconds) || seconds < 0 || seconds > seconds_max) {
    return refuse("iat is not a time");
  }
  return from_ms(static_cast<std::int64_t>(seconds * 1000));
}

}  // namespace

std::optional<std::string> comparable_url(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string scheme = to_lower(url.substr(0, colon));
  if (scheme != "https" && scheme != "http") return std::nullopt;
  url.remove_prefix(colon + 3);
  const std::size_t slash = std::min(url.find('/'), url.size());
  std::string authority = to_lower(url.substr(0, slash));
  const std::string_view usual_port = scheme == "https" ? ":443" : ":80";
  if (authority.ends_with(usual_port)) authority.erase(authority.rfind(':'));
  if (authority.empty() || authority.find('@') != std::string::npos) return std::nullopt;
  return scheme + "://" + authority + comparable_path(url.substr(slash));
}

Result<DpopProof> check_dpop(std::string_view proof, const DpopRequest& request) {
  if (proof.size() > dpop_bytes_max) return refuse("too long");
  const Result<Possession> possession = verify_possession(proof, "dpop+jwt");
  if (!possession) return refuse(possession.error().detail);
  const json::object& claims = possession->jwt.claims;
  DpopProof checked{
      possession->key.thumbprint(), text_or(claims, "jti", ""), text_or(claims, "nonce", ""), {}};
  if (checked.jti.empty() || checked.jti.size() > dpop_jti_bytes_max) return refuse("jti");
  if (text_or(claims, "htm", "") != request.method) return refuse("another method");
  const std::optional<std::string> expected = comparable_url(request.url);
  if (!expected || comparable_url(text_or(claims, "htu", "")) != expected) {
    return refuse(fmt::format("another URL than {}", expected.value_or("")));
  }
  GH_TRY(issued_at, instant_of(claims));
  if (issued_at > request.now + dpop_age_max || issued_at < request.now - dpop_age_max) {
    return refuse("too old, or not yet made");
  }
  checked.issued_at = issued_at;
  if (request.access_token.empty()) return checked;
  const std::string hash = to_base64url(to_bytes(sha256(request.access_token)));
  if (!equals_in_constant_time(text_or(claims, "ath", ""), hash)) return refuse("another token");
  return checked;
}

}  // namespace gatehouse::jose
