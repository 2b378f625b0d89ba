// SPDX-License-Identifier: Apache-2.0
#include "keymanager/discovery.h"

#include "keymanager/user_claims.h"

namespace gatehouse::keymanager {

namespace {

json::array names_of(const std::vector<jose::Algorithm>& algorithms) {
  json::array names;
  for (const jose::Algorithm algorithm : algorithms) names.emplace_back(jose::to_text(algorithm));
  return names;
}

// How clients prove who they are at our endpoints.
json::array client_methods(const Options& options) {
  json::array methods{"client_secret_basic", "client_secret_post", "private_key_jwt"};
  if (options.client_certificates == ClientCertificateMode::asked) {
    if (!options.client_authorities.empty()) methods.emplace_back("tls_client_auth");
    methods.emplace_back("self_signed_tls_client_auth");
  }
  return methods;
}

void add_endpoint(json::object& metadata, std::string_view name, json::array methods) {
  const std::vector<jose::Algorithm> all(jose::algorithms.begin(), jose::algorithms.end());
  metadata[fmt::format("{}_endpoint_auth_methods_supported", name)] = std::move(methods);
  metadata[fmt::format("{}_endpoint_auth_signing_alg_values_supported", name)] = names_of(all);
}

std::string describe(const Options& options, const std::vector<std::string>& grant_types) {
  const std::string& base = options.base_url;
  const std::vector<jose::Algorithm> all(jose::algorithms.begin(), jose::algorithms.end());
  json::array grants = to_json(grant_types);
  json::array response_types{"code"};
  if (!options.implicit_tenants.empty()) {
    grants.emplace_back("implicit");
    for (const char* type : {"token", "id_token", "id_token token"}) {
      response_types.emplace_back(type);
    }
  }
  json::object metadata{
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
      {"id_token_signing_alg_values_supported", names_of(options.signing_algorithms)},
      {"userinfo_signing_alg_values_supported", names_of(options.signing_algorithms)},
      {"dpop_signing_alg_values_supported", names_of(all)},
      {"scopes_supported", to_json(user_scopes())},
      {"claim_types_supported", {"normal"}},
      {"claims_supported", to_json(user_claim_names())},
      {"claims_parameter_supported", false},
      {"request_parameter_supported", false},
      {"request_uri_parameter_supported", false},
      {"tls_client_certificate_bound_access_tokens",
       options.client_certificates == ClientCertificateMode::asked}};
  json::array with_none = client_methods(options);
  with_none.emplace_back("none");
  add_endpoint(metadata, "token", with_none);
  add_endpoint(metadata, "revocation", with_none);
  add_endpoint(metadata, "introspection", client_methods(options));
  return json::serialize(metadata);
}

}  // namespace

Discovery::Discovery(const Options& options, const SigningKeys& keys,
                     const std::vector<std::string>& grant_types)
    : keys_(keys), metadata_(describe(options, grant_types)) {}

http::Response Discovery::metadata() const {
  http::Response response = http::make_response(200, "application/json", metadata_);
  response.headers.add("Cache-Control", "public, max-age=900");
  return response;
}

http::Response Discovery::key_set() const {
  http::Response response = http::make_response(
      200, "application/json", json::serialize(keys_.current()->published.to_json()));
  // Shorter than the head start of a new key, so nobody misses one.
  response.headers.add("Cache-Control", "public, max-age=900");
  return response;
}

}  // namespace gatehouse::keymanager
