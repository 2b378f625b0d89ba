// SPDX-License-Identifier: Apache-2.0
//
// The errors of OAuth as constants, and how an Error becomes an answer of its endpoints.
//
// Shape:   {"error":"…","error_description":"…"}, not cached.
// Thread:  pure functions.
#pragma once

#include "core/error.h"
#include "core/json.h"
#include "http/message.h"

namespace gatehouse::keymanager {

struct OAuthError {
  std::uint32_t number;  // Error::number while it travels
  ErrorCode code;
  const char* name;
  int status;
};

// RFC 6749, section 5.2.
inline constexpr OAuthError invalid_request{909101, ErrorCode::invalid_argument, "invalid_request",
                                            400};
inline constexpr OAuthError invalid_client{909102, ErrorCode::unauthenticated, "invalid_client",
                                           401};
inline constexpr OAuthError invalid_grant{909103, ErrorCode::invalid_argument, "invalid_grant",
                                          400};
inline constexpr OAuthError unauthorized_client{909104, ErrorCode::invalid_argument,
                                                "unauthorized_client", 400};
inline constexpr OAuthError unsupported_grant_type{909105, ErrorCode::invalid_argument,
                                                   "unsupported_grant_type", 400};
inline constexpr OAuthError invalid_scope{909106, ErrorCode::invalid_argument, "invalid_scope",
                                          400};
// RFC 6750, section 3.1.
inline constexpr OAuthError invalid_token{909107, ErrorCode::unauthenticated, "invalid_token", 401};
inline constexpr OAuthError insufficient_scope{909108, ErrorCode::forbidden, "insufficient_scope",
                                               403};
// RFC 6749, section 4.1.2.1, for which section 5.2 has no names.
inline constexpr OAuthError server_error{909109, ErrorCode::internal, "server_error", 500};
inline constexpr OAuthError temporarily_unavailable{909110, ErrorCode::unavailable,
                                                    "temporarily_unavailable", 503};
// RFC 6749, section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6: of /oauth2/authorize.
inline constexpr OAuthError access_denied{909111, ErrorCode::forbidden, "access_denied", 403};
inline constexpr OAuthError unsupported_response_type{909112, ErrorCode::invalid_argument,
                                                      "unsupported_response_type", 400};
inline constexpr OAuthError login_required{909113, ErrorCode::unauthenticated, "login_required",
                                           400};
inline constexpr OAuthError consent_required{909114, ErrorCode::forbidden, "consent_required", 400};
inline constexpr OAuthError request_not_supported{909115, ErrorCode::invalid_argument,
                                                  "request_not_supported", 400};
inline constexpr OAuthError request_uri_not_supported{909116, ErrorCode::invalid_argument,
                                                      "request_uri_not_supported", 400};
inline constexpr OAuthError registration_not_supported{909117, ErrorCode::invalid_argument,
                                                       "registration_not_supported", 400};
// RFC 9101, section 7, as RFC 9126 uses it.
inline constexpr OAuthError invalid_request_uri{909118, ErrorCode::invalid_argument,
                                                "invalid_request_uri", 400};
// RFC 8628, section 3.5.
inline constexpr OAuthError authorization_pending{909119, ErrorCode::invalid_argument,
                                                  "authorization_pending", 400};
inline constexpr OAuthError slow_down{909120, ErrorCode::invalid_argument, "slow_down", 400};
inline constexpr OAuthError expired_token{909121, ErrorCode::invalid_argument, "expired_token",
                                          400};
inline constexpr OAuthError device_denied{909122, ErrorCode::invalid_argument, "access_denied",
                                          400};

// RFC 7591, section 3.2.2.
inline constexpr OAuthError invalid_redirect_uri{909124, ErrorCode::invalid_argument,
                                                 "invalid_redirect_uri", 400};
inline constexpr OAuthError invalid_client_metadata{909125, ErrorCode::invalid_argument,
                                                    "invalid_client_metadata", 400};
inline constexpr OAuthError unapproved_software_statement{909126, ErrorCode::invalid_argument,
                                                          "unapproved_software_statement", 400};

// RFC 8707, section 2.
inline constexpr OAuthError invalid_target{909131, ErrorCode::invalid_argument, "invalid_target",
                                           400};
// RFC 9449, sections 5 and 8.
inline constexpr OAuthError invalid_dpop_proof{909132, ErrorCode::invalid_argument,
                                               "invalid_dpop_proof", 400};
inline constexpr OAuthError use_dpop_nonce{909133, ErrorCode::invalid_argument, "use_dpop_nonce",
                                           400};

// `return refuse(invalid_grant, "The user name or the password is wrong");` — `detail` is logged.
tl::unexpected<Error> refuse(const OAuthError& error, std::string description,
                             std::string detail = "");

// An error that is none of the constants becomes server_error or temporarily_unavailable.
http::Response oauth_response(const Error& error);

// The constant that an error is, or becomes.
const OAuthError& oauth_error_of(const Error& error);

// 200 with a body that no cache may keep (RFC 6749, section 5.1).
http::Response oauth_answer(const json::object& body);

}  // namespace gatehouse::keymanager
