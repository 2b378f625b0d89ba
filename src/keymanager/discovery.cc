// SPDX-License-Identifier: Apache-2.0
#include "keymanager/discovery.h"

namespace gatehouse::keymanager {

namespace {

std::string describe(const Options& options) {
  const std::string& base = options.base_url;
  const json::array client_methods{"client_secret_basic", "client_secret_post"};
  const json::array token_methods{"client_secret_basic", "client_secret_post", "none"};
  json::array grants{"authorization_code", "client_credentials", "password", "refresh_token",
                     "urn:ietf:params:oauth:grant-type:device_code"};
  json::array response_types{"code"};
  if (!options.implicit_tenants.empty()) {
    grants.emplace_back("implicit");
    response_types.emplace_back("token");
  }
  const json::object metadata{
      {"issuer", options.issuer},
      {"authorization_endpoint", base + "/oauth2/authorize"},
      {"token_endpoint", base + "/oauth2/token"},
      {"revocation_endpoint", base + "/oauth2/revoke"},
      {"introspection_endpoint", base + "/oauth2/introspect"},
      {"registration_endpoint", base + "/oauth2/register"},
      {"jwks_uri", base + "/oauth2/jwks"},
      {"userinfo_endpoint", base + "/oauth2/userinfo"},
      {"end_session_endpoint", base + "/oidc/logout"},
      {"pushed_authorization_request_endpoint", base + "/oauth2/par"},
      {"device_authorization_endpoint", base + "/oauth2/device_authorize"},
      {"grant_types_supported", std::move(grants)},
      {"response_types_supported", std::move(response_types)},
      {"response_modes_supported", {"query", "fragment", "form_post"}},
      {"code_challenge_methods_supported", {"S256"}},
      {"authorization_response_iss_parameter_supported", true},
      {"prompt_values_supported", {"none", "login", "consent", "select_account"}},
      {"acr_values_supported", {"1", "2"}},
      {"subject_types_supported", {"public"}},
      {"request_parameter_supported", false},
      {"request_uri_parameter_supported", false},
      {"claims_parameter_supported", false},
      {"scopes_supported", {"openid", "profile", "email"}},
      {"claims_supported", {"sub", "preferred_username", "email"}},
      {"token_endpoint_auth_methods_supported", token_methods},
      {"revocation_endpoint_auth_methods_supported", client_methods},
      {"introspection_endpoint_auth_methods_supported", client_methods}};
  return json::serialize(metadata);
}

}  // namespace

Discovery::Discovery(const Options& options, const SigningKeys& keys)
    : keys_(keys), metadata_(describe(options)) {}

http::Response Discovery::metadata() const {
  return http::make_response(200, "application/json", metadata_);
}

http::Response Discovery::key_set() const {
  http::Response response = http::make_response(
      200, "application/json", json::serialize(keys_.current()->published.to_json()));
  // Shorter than the head start of a new key, so nobody misses one.
  response.headers.add("Cache-Control", "public, max-age=900");
  return response;
}

}  // namespace gatehouse::keymanager
