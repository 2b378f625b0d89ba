// SPDX-License-Identifier: Apache-2.0
#include "keymanager/token_endpoint.h"

#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

TokenEndpoint::TokenEndpoint(const ClientAuthentication& clients, std::vector<Grant*> grants,
                             TokenIssuer& issuer)
    : clients_(clients), grants_(std::move(grants)), issuer_(issuer) {}

http::Response TokenEndpoint::handle(const http::Request& request) {
  const Result<IssuedTokens> issued = issue(request);
  return issued ? oauth_answer(issued->to_json()) : oauth_response(issued.error());
}

Result<IssuedTokens> TokenEndpoint::issue(const http::Request& request) {
  GH_TRY(form, Form::parse(request));
  GH_TRY(client, clients_.authenticate(request, form));
  GH_TRY(grant, grant_of(form));
  if (!client.may(grant->type())) {
    return refuse(unauthorized_client, "The client may not use this grant type");
  }
  GH_TRY(entitlement, grant->decide(form, client));
  return issuer_.issue(entitlement);
}

Result<Grant*> TokenEndpoint::grant_of(const Form& form) const {
  GH_TRY(type, form.required("grant_type"));
  for (Grant* grant : grants_) {
    if (grant->type() == type) return grant;
  }
  return refuse(unsupported_grant_type, "There is no such grant type");
}

}  // namespace gatehouse::keymanager
