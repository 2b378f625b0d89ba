// SPDX-License-Identifier: Apache-2.0
#include "keymanager/discovery.h"

namespace gatehouse::keymanager {

namespace {

std::string describe(const Options& options) {
  const std::string& base = options.base_url;
  const json::array client_methods{"client_secret_basic", "client_secret_post"};
  const json::object metadata{
      {"issuer", options.issuer},
      {"token_endpoint", base + "/oauth2/token"},
      {"revocation_endpoint", base + "/oauth2/revoke"},
      {"introspection_endpoint", base + "/oauth2/introspect"},
      {"jwks_uri", base + "/oauth2/jwks"},
      {"userinfo_endpoint", base + "/oauth2/userinfo"},
      {"grant_types_supported", {"client_credentials", "password", "refresh_token"}},
      {"response_types_supported", json::array()},
      {"subject_types_supported", {"public"}},
      {"scopes_supported", {"openid", "profile", "email"}},
      {"claims_supported", {"sub", "preferred_username", "email"}},
      {"token_endpoint_auth_methods_supported", client_methods},
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
