// SPDX-License-Identifier: Apache-2.0
#include "keymanager/revocation_endpoint.h"

#include "core/digest.h"
#include "jose/opaque_token.h"
#include "keymanager/access_claims.h"
#include "keymanager/oauth_error.h"
#include "storage/apis/token_store.h"

namespace gatehouse::keymanager {

RevocationEndpoint::RevocationEndpoint(const Resources& resources,
                                       const ClientAuthentication& clients, const SigningKeys& keys,
                                       Revocations& revocations)
    : apis_(resources.apis), clients_(clients), keys_(keys), revocations_(revocations) {}

http::Response RevocationEndpoint::handle(const http::Request& request) {
  const Result<> revoked = revoke(request);
  return revoked ? oauth_answer({}) : oauth_response(revoked.error());
}

Result<> RevocationEndpoint::revoke(const http::Request& request) {
  GH_TRY(form, Form::parse(request));
  GH_TRY(client, clients_.authenticate(request, form));
  GH_TRY(token, form.required("token"));
  GH_TRY(origin, origin_of(token));
  if (!origin) return {};
  if (origin->client_id != client.client_id) {
    return refuse(unauthorized_client, "The token was issued to another client");
  }
  return revocations_.revoke_family(client, origin->family);
}

// An expired JWT is looked up as well: its family may have younger tokens.
Result<std::optional<RevocationEndpoint::Origin>> RevocationEndpoint::origin_of(
    const std::string& token) const {
  if (jose::looks_like_jwt(token)) {
    const Result<jose::Jwt> jwt = jose::verify(token, keys_.current()->published);
    if (!jwt || jwt->type != access_token_type) return std::optional<Origin>();
    const AccessClaims claims = access_claims_from(jwt->claims);
    return std::optional<Origin>(Origin{claims.client_id, claims.family});
  }
  std::optional<Instant> end = jose::opaque_token_end(jose::OpaqueKind::access, token);
  if (!end) end = jose::opaque_token_end(jose::OpaqueKind::refresh, token);
  if (!end) return std::optional<Origin>();
  GH_TRY(stored, apis_.read([&](storage::Transaction& transaction) {
    return storage::TokenStore(transaction).find(to_bytes(sha256(token)), *end);
  }));
  if (!stored) return std::optional<Origin>();
  return std::optional<Origin>(Origin{stored->client_id, stored->family});
}

}  // namespace gatehouse::keymanager
