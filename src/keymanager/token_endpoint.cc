// SPDX-License-Identifier: Apache-2.0
#include "keymanager/token_endpoint.h"

#include "core/digest.h"
#include "keymanager/client_kind.h"
#include "keymanager/client_metadata.h"
#include "keymanager/oauth_error.h"
#include "keymanager/resource_indicators.h"

namespace gatehouse::keymanager {

TokenEndpoint::TokenEndpoint(const ClientAuthentication& clients, std::vector<Grant*> grants,
                             Possession& possession, TokenIssuer& issuer)
    : clients_(clients), grants_(std::move(grants)), possession_(possession), issuer_(issuer) {}

std::vector<std::string> TokenEndpoint::grant_types() const {
  std::vector<std::string> types;
  for (const Grant* grant : grants_) types.emplace_back(grant->type());
  return types;
}

http::Response TokenEndpoint::handle(const http::Request& request) {
  const Result<IssuedTokens> issued = issue(request);
  http::Response response =
      issued ? oauth_answer(issued->to_json()) : oauth_response(issued.error());
  possession_.offer_nonce(response);
  return response;
}

Result<IssuedTokens> TokenEndpoint::issue(const http::Request& request) {
  const Instant begun = issuer_.now();
  GH_TRY(form, Form::parse(request));
  GH_TRY(client, clients_.authenticate(request, form));
  GH_TRY(grant, grant_of(form));
  // RFC 6749, section 4.4: only a client that has proved who it is may act for itself.
  const bool acts_for_itself = grant->type() == "client_credentials";
  if (acts_for_itself && is_public(client)) {
    return refuse(unauthorized_client, "A public client may not use this grant type");
  }
  if (!client.may(grant->type())) {
    return refuse(unauthorized_client, "The client may not use this grant type");
  }
  // Before the grant decides, because deciding may use up a code or a refresh token.
  GH_TRY(shown, possession_.shown_by(request, ""));
  GH_TRY(resources, resources_of(form));
  GH_TRY(entitlement, grant->decide(form, client));
  entitlement.as_of = begun;
  entitlement.scopes = registered_scopes(client, std::move(entitlement.scopes));
  GH_CHECK(bind(shown, entitlement));
  GH_TRY(audiences,
         narrowed_audiences(std::move(resources), std::move(entitlement.details.audiences)));
  entitlement.details.audiences = std::move(audiences);
  return issuer_.issue(entitlement);
}

Result<Grant*> TokenEndpoint::grant_of(const Form& form) const {
  GH_TRY(type, form.required("grant_type"));
  for (Grant* grant : grants_) {
    if (grant->type() == type) return grant;
  }
  return refuse(unsupported_grant_type, "There is no such grant type");
}

namespace {

// What the grant is bound to already, as a public client's refresh token is, must be shown again.
bool fits(const std::string& bound, const std::string& shown) {
  return bound.empty() || equals_in_constant_time(bound, shown);
}

bool wants(const storage::Client& client, std::string_view what) {
  return flag_or(client.document, what, false);
}

}  // namespace

Result<> TokenEndpoint::bind(const Possession::Shown& shown, Entitlement& entitlement) {
  TokenDetails& details = entitlement.details;
  if (!fits(details.key_thumbprint, shown.key_thumbprint)) {
    return refuse(invalid_grant, "The grant is bound to a key that was not shown");
  }
  if (!fits(details.certificate_thumbprint, shown.certificate_thumbprint)) {
    return refuse(invalid_grant, "The grant is bound to a client certificate that was not shown");
  }
  if (shown.key_thumbprint.empty() && wants(entitlement.client, "dpop_bound_access_tokens")) {
    return refuse(invalid_dpop_proof, "The client registered that it sends a DPoP proof");
  }
  details.key_thumbprint = shown.key_thumbprint;
  const bool certified = !details.certificate_thumbprint.empty() ||
                         wants(entitlement.client, "tls_client_certificate_bound_access_tokens");
  if (!certified) return {};
  if (shown.certificate_thumbprint.empty()) {
    return refuse(invalid_request, "The client registered that it shows a certificate");
  }
  details.certificate_thumbprint = shown.certificate_thumbprint;
  return {};
}

}  // namespace gatehouse::keymanager
