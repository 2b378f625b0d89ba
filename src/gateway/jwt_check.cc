// SPDX-License-Identifier: Apache-2.0
#include "gateway/jwt_check.h"

#include "core/text.h"
#include "jose/claims.h"
#include "jose/jwt.h"

namespace gatehouse::gateway {

namespace {

// RFC 9068, section 2.1. An ID token is signed with the same keys and opens nothing.
constexpr std::string_view access_token_type = "at+jwt";

std::vector<std::string> scopes_of(const json::object& claims) {
  const json::value* scope = claims.if_contains("scope");
  if (scope != nullptr && scope->is_string()) return split_words(scope->get_string());
  return texts_of(claims, "scope");
}

}  // namespace

Token verify_jwt(std::string_view compact, const Snapshot& snapshot, Instant now) {
  Token token;
  token.source = TokenSource::jwt;
  const Result<jose::Jwt> jwt = jose::verify(compact, snapshot.key_set());
  if (!jwt || jwt->kid.empty() || !equals_ignoring_case(jwt->type, access_token_type)) return token;
  const SigningKey* key = snapshot.signing_key(jwt->kid);
  if (key == nullptr) return token;
  const auto lifetime = jose::check_claims(jwt->claims, {.issuer = key->known.issuer, .now = now});
  if (!lifetime) {
    if (lifetime.error().number == jose::access_token_expired) token.state = TokenState::expired;
    return token;
  }
  token.client_id = text_or(jwt->claims, "client_id", "");
  if (token.client_id.empty()) return token;
  token.state = TokenState::active;
  token.tenant = key->known.tenant;
  // A client's own token has itself as its subject (RFC 9068, section 2.2).
  token.user_id = text_or(jwt->claims, "sub", "");
  if (token.user_id == token.client_id) token.user_id.clear();
  token.user = text_or(jwt->claims, "username", token.user_id);
  token.family = text_or(jwt->claims, "family", "");
  token.jti = text_or(jwt->claims, "jti", "");
  token.scopes = scopes_of(jwt->claims);
  token.issued_at = lifetime->issued_at;
  token.expires_at = lifetime->expires_at;
  return token;
}

}  // namespace gatehouse::gateway
