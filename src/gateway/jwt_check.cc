// SPDX-License-Identifier: Apache-2.0
#include "gateway/jwt_check.h"

#include "core/text.h"
#include "jose/claims.h"
#include "jose/jwt.h"
#include "model/foreign_token.h"

namespace gatehouse::gateway {

namespace {

// RFC 9068, section 2.1. An ID token is signed with the same keys and opens nothing.
constexpr std::string_view access_token_type = "at+jwt";

// Clocks of other servers differ from ours.
constexpr std::chrono::seconds foreign_leeway{30};

constexpr std::string_view test_key_type = "internal-key+jwt";

// The verified token of one of our own keys, or nothing; `key` says which.
std::optional<jose::Jwt> verified(std::string_view compact, const Snapshot& snapshot,
                                  std::string_view type, const SigningKey** key) {
  Result<jose::Jwt> jwt = jose::verify(compact, snapshot.key_set());
  if (!jwt || jwt->kid.empty() || !equals_ignoring_case(jwt->type, type)) return std::nullopt;
  *key = snapshot.signing_key(jwt->kid);
  return *key == nullptr ? std::nullopt : std::optional<jose::Jwt>(*std::move(jwt));
}

std::vector<std::string> scopes_of(const json::object& claims) {
  const json::value* scope = claims.if_contains("scope");
  if (scope != nullptr && scope->is_string()) return split_words(scope->get_string());
  return texts_of(claims, "scope");
}

// Resources that the token was asked for (RFC 8707). Without any our tokens have their client for
// an audience, as WSO2's do, which names no resource.
std::vector<std::string> audiences_of(const json::object& claims, const std::string& client_id) {
  std::vector<std::string> audiences = texts_of(claims, "aud");
  if (std::string one = text_or(claims, "aud", ""); !one.empty()) {
    audiences.push_back(std::move(one));
  }
  std::erase(audiences, client_id);
  return audiences;
}

}  // namespace

Token verify_jwt(std::string_view compact, const Snapshot& snapshot, Instant now) {
  Token token;
  token.source = TokenSource::jwt;
  const SigningKey* key = nullptr;
  const std::optional<jose::Jwt> jwt = verified(compact, snapshot, access_token_type, &key);
  if (!jwt) return token;
  const auto lifetime = jose::check_claims(jwt->claims, {.issuer = key->known.issuer, .now = now});
  if (!lifetime) {
    if (lifetime.error().number == jose::access_token_expired) token.state = TokenState::expired;
    return token;
  }
  token.client_id = text_or(jwt->claims, "client_id", "");
  if (token.client_id.empty()) return token;
  token.state = TokenState::active;
  token.tenant = key->known.tenant;
  token.user_tenant = number_or(jwt->claims, "user_tenant", 0);
  // A client's own token has itself as its subject (RFC 9068, section 2.2).
  token.user_id = text_or(jwt->claims, "sub", "");
  if (token.user_id == token.client_id) token.user_id.clear();
  token.user = text_or(jwt->claims, "username", token.user_id);
  token.family = text_or(jwt->claims, "family", "");
  token.jti = text_or(jwt->claims, "jti", "");
  token.scopes = scopes_of(jwt->claims);
  token.issued_at = lifetime->issued_at;
  token.expires_at = lifetime->expires_at;
  if (const json::object* confirmation = object_at(jwt->claims, "cnf")) {
    token.key_thumbprint = text_or(*confirmation, "jkt", "");
    token.certificate_thumbprint = text_or(*confirmation, "x5t#S256", "");
  }
  token.audiences = audiences_of(jwt->claims, token.client_id);
  return token;
}

const KeyManager* foreign_issuer(std::string_view compact, const Snapshot& snapshot,
                                 model::TenantNumber tenant) {
  if (!snapshot.has_key_managers() || compact.size() > jose::jwt_bytes_max) return nullptr;
  const std::size_t begin = compact.find('.') + 1;
  const std::size_t end = compact.find('.', begin);
  const Result<std::string> payload = from_base64url(compact.substr(begin, end - begin));
  if (!payload) return nullptr;
  const Result<json::object> claims = parse_json_object(*payload);
  if (!claims) return nullptr;
  return snapshot.key_manager_of_issuer(tenant, text_or(*claims, "iss", ""));
}

Token verify_foreign_jwt(std::string_view compact, const KeyManager& issuer, Instant now) {
  const model::KnownKeyManager& known = issuer.known;
  Token token;
  token.source = TokenSource::jwt;
  token.tenant = known.tenant;
  token.key_manager = known.name;
  token.key_manager_stamp = issuer.stamp;
  const Result<jose::Jwt> jwt = jose::verify(compact, issuer.keys);
  if (!jwt || !model::may_be_access_token(jwt->type, jwt->claims)) return token;
  const auto lifetime = jose::check_claims(
      jwt->claims,
      {.issuer = known.issuer, .audience = known.audience, .now = now, .leeway = foreign_leeway});
  if (!lifetime) {
    if (lifetime.error().number == jose::access_token_expired) token.state = TokenState::expired;
    return token;
  }
  Result<model::ForeignIdentity> identity = model::foreign_identity(jwt->claims, known);
  if (!identity) return token;
  token.state = TokenState::active;
  token.client_id = std::move(identity->client_id);
  token.user_id = std::move(identity->user_id);
  token.user = std::move(identity->user);
  token.scopes = std::move(identity->scopes);
  token.issued_at = lifetime->issued_at;
  token.expires_at = lifetime->expires_at;
  return token;
}

TokenState verify_test_key(std::string_view compact, const Snapshot& snapshot,
                           const TestKeyUse& use) {
  const SigningKey* key = nullptr;
  const std::optional<jose::Jwt> jwt = verified(compact, snapshot, test_key_type, &key);
  if (!jwt || text_or(jwt->claims, "api_id", "") != use.api_id) return TokenState::unknown;
  const auto lifetime =
      jose::check_claims(jwt->claims, {.issuer = key->known.issuer, .now = use.now});
  if (lifetime) return TokenState::active;
  const bool expired = lifetime.error().number == jose::access_token_expired;
  return expired ? TokenState::expired : TokenState::unknown;
}

}  // namespace gatehouse::gateway
