// SPDX-License-Identifier: Apache-2.0
#include "keymanager/oauth_error.h"

#include <array>

#include "core/log.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::array errors{invalid_request,
                            invalid_client,
                            invalid_grant,
                            unauthorized_client,
                            invalid_scope,
                            unsupported_grant_type,
                            invalid_token,
                            insufficient_scope,
                            temporarily_unavailable,
                            server_error,
                            access_denied,
                            unsupported_response_type,
                            login_required,
                            consent_required,
                            request_not_supported,
                            request_uri_not_supported,
                            registration_not_supported,
                            invalid_request_uri,
                            authorization_pending,
                            slow_down,
                            expired_token,
                            device_denied,
                            invalid_redirect_uri,
                            invalid_client_metadata,
                            unapproved_software_statement,
                            invalid_target,
                            invalid_dpop_proof,
                            use_dpop_nonce};

constexpr bool numbers_differ() {
  for (std::size_t i = 0; i < errors.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (errors[i].number == errors[j].number) return false;
    }
  }
  return true;
}
static_assert(numbers_differ(), "an error is known by its number");

http::Response uncached(int status, const json::object& body) {
  http::Response response = http::make_response(status, "application/json", json::serialize(body));
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Pragma", "no-cache");
  return response;
}

std::string challenge_of(const OAuthError& error) {
  if (error.number == invalid_client.number) return R"(Basic realm="gatehouse")";
  return fmt::format(R"(Bearer realm="gatehouse", error="{}")", error.name);
}

}  // namespace

const OAuthError& oauth_error_of(const Error& error) {
  for (const OAuthError& known : errors) {
    if (known.number == error.number) return known;
  }
  const bool later = error.code == ErrorCode::unavailable || error.code == ErrorCode::exhausted;
  return later ? temporarily_unavailable : server_error;
}

tl::unexpected<Error> refuse(const OAuthError& error, std::string description, std::string detail) {
  return fail(error.code, std::move(description), std::move(detail), error.number);
}

http::Response oauth_response(const Error& error) {
  const OAuthError& known = oauth_error_of(error);
  const bool ours = known.number == error.number;
  if (known.status >= 500) {
    log_warning("oauth: {}: {} ({})", known.name, error.message, error.detail);
  } else if (!error.detail.empty()) {
    log_info("oauth: {}: {} ({})", known.name, error.message, error.detail);
  }
  http::Response response = uncached(
      known.status,
      {{"error", known.name},
       {"error_description", ours ? error.message : std::string("Try again in a moment")}});
  if (known.status == 401 || known.status == 403) {
    response.headers.add("WWW-Authenticate", challenge_of(known));
  }
  if (known.status == 503) response.headers.add("Retry-After", "1");
  return response;
}

http::Response oauth_answer(const json::object& body) { return uncached(200, body); }

}  // namespace gatehouse::keymanager
