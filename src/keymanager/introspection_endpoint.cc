// SPDX-License-Identifier: Apache-2.0
#include "keymanager/introspection_endpoint.h"

#include "core/text.h"
#include "keymanager/client_kind.h"
#include "keymanager/oauth_error.h"
#include "keymanager/token_details.h"

namespace gatehouse::keymanager {

IntrospectionEndpoint::IntrospectionEndpoint(const ClientAuthentication& clients, Login& login,
                                             TokenValidator& validator, std::string issuer)
    : clients_(clients), login_(login), validator_(validator), issuer_(std::move(issuer)) {}

http::Response IntrospectionEndpoint::handle(const http::Request& request) {
  const Result<json::object> answer = introspect(request);
  return answer ? oauth_answer(*answer) : oauth_response(answer.error());
}

Result<json::object> IntrospectionEndpoint::introspect(const http::Request& request) {
  GH_TRY(form, Form::parse(request));
  GH_TRY(tenant, tenant_of_caller(request, form));
  GH_TRY(token, form.required("token"));
  GH_TRY(validation, validator_.validate_one(token));
  if (!validation.active || validation.tenant != tenant) return json::object{{"active", false}};
  const bool of_user = !validation.user_id.empty();
  json::object answer{
      {"active", true},
      {"scope", validation.scopes.empty() ? "default" : join(validation.scopes, " ")},
      {"client_id", validation.client_id},
      {"token_type", validation.key_thumbprint.empty() ? "Bearer" : "DPoP"},
      {"sub", of_user ? validation.user_id : validation.client_id},
      {"aud", validation.client_id},
      {"iss", issuer_},
      {"iat", to_ms(validation.issued_at) / 1000},
      {"exp", to_ms(validation.expires_at) / 1000}};
  if (of_user) answer["username"] = validation.user;
  // RFC 7800 and RFC 8693: whoever asks checks what the token is bound to.
  const TokenDetails details{.key_thumbprint = validation.key_thumbprint,
                             .certificate_thumbprint = validation.certificate_thumbprint,
                             .audiences = validation.audiences,
                             .actor = validation.actor};
  for (auto& [name, value] : to_json(details)) answer[name] = std::move(value);
  return answer;
}

Result<model::TenantNumber> IntrospectionEndpoint::tenant_of_caller(const http::Request& request,
                                                                    const Form& form) {
  const Result<storage::Client> client = clients_.authenticate_confidential(request, form);
  if (client) return client->tenant;
  const std::optional<NameAndSecret> pair =
      basic_credentials(request.headers.value_or("Authorization", ""));
  const bool may_be_user = client.error().number == invalid_client.number && pair;
  if (!may_be_user) return tl::unexpected<Error>(client.error());
  const Result<Account> account = login_.check_remembered(*pair);
  if (!account && account.error().code != ErrorCode::unauthenticated) {
    return tl::unexpected<Error>(account.error());
  }
  if (!account || !account->has_role(storage::admin_role)) {
    return tl::unexpected<Error>(client.error());
  }
  return account->tenant;
}

}  // namespace gatehouse::keymanager
