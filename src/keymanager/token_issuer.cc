// SPDX-License-Identifier: Apache-2.0
#include "keymanager/token_issuer.h"

#include "core/digest.h"
#include "core/id.h"
#include "core/text.h"
#include "jose/opaque_token.h"
#include "keymanager/access_claims.h"
#include "keymanager/lifetime.h"
#include "keymanager/oauth_error.h"
#include "storage/apis/key_mapping_store.h"

namespace gatehouse::keymanager {

namespace {

using storage::StoredToken;
using storage::TokenKind;
using storage::Transaction;

constexpr std::size_t family_size = 16;

StoredToken access_token_of(const Entitlement& entitlement, std::string family, Instant now) {
  const std::int64_t own = entitlement.client.access_token_seconds;
  const std::int64_t seconds = bounded_seconds(entitlement.seconds.value_or(own), own);
  return {.hash = "",
          .tenant = entitlement.client.tenant,
          .kind = TokenKind::access,
          .family = std::move(family),
          .client_id = entitlement.client.client_id,
          .user_id = entitlement.user_id,
          .scopes = entitlement.scopes,
          .grant_type = entitlement.grant_type,
          .issued_at = now,
          .expires_at = now + std::chrono::seconds(seconds)};
}

// RFC 6749, section 6: the next refresh token has the scopes of the one before.
StoredToken refresh_token_after(const StoredToken& access, const Entitlement& entitlement) {
  StoredToken refresh = access;
  refresh.kind = TokenKind::refresh;
  refresh.expires_at =
      access.issued_at + std::chrono::seconds(entitlement.client.refresh_token_seconds);
  if (entitlement.replaces) refresh.scopes = entitlement.replaces->scopes;
  return refresh;
}

}  // namespace

struct TokenIssuer::Batch {
  std::vector<StoredToken> rows;
  Instant now{};
};

std::string IssuedTokens::scope_text() const {
  return scopes.empty() ? std::string("default") : join(scopes, " ");
}

json::object IssuedTokens::to_json() const {
  json::object body{{"access_token", access_token}};
  if (!refresh_token.empty()) body["refresh_token"] = refresh_token;
  body["scope"] = scope_text();
  body["token_type"] = "Bearer";
  body["expires_in"] = expires_in;
  return body;
}

TokenIssuer::TokenIssuer(const Resources& resources, const SigningKeys& keys,
                         Revocations& revocations, std::string issuer)
    : apis_(resources.apis),
      clock_(resources.clock),
      random_(resources.random),
      keys_(keys),
      revocations_(revocations),
      issuer_(std::move(issuer)) {}

Result<IssuedTokens> TokenIssuer::issue(const Entitlement& entitlement) {
  const Instant now = clock_.now();
  std::string family = entitlement.family;
  if (entitlement.replaces) family = entitlement.replaces->family;
  if (family.empty()) family = to_base64url(random_.bytes(family_size));
  StoredToken access = access_token_of(entitlement, std::move(family), now);
  IssuedTokens issued;
  issued.scopes = entitlement.scopes;
  issued.expires_in =
      std::chrono::duration_cast<std::chrono::seconds>(access.expires_at - now).count();

  Batch batch{.rows = {}, .now = now};
  if (entitlement.refresh == WithRefresh::yes) {
    StoredToken refresh = refresh_token_after(access, entitlement);
    issued.refresh_token =
        jose::make_opaque_token(jose::OpaqueKind::refresh, refresh.expires_at, random_);
    refresh.hash = to_bytes(sha256(issued.refresh_token));
    batch.rows.push_back(std::move(refresh));
  }
  if (entitlement.client.token_type == "JWT") {
    GH_TRY(token, make_jwt(entitlement, access));
    issued.access_token = std::move(token);
  } else {
    issued.access_token =
        jose::make_opaque_token(jose::OpaqueKind::access, access.expires_at, random_);
    access.hash = to_bytes(sha256(issued.access_token));
    batch.rows.push_back(std::move(access));
  }
  GH_CHECK(store(entitlement, batch));
  return issued;
}

Result<std::string> TokenIssuer::make_jwt(const Entitlement& entitlement,
                                          const StoredToken& token) {
  GH_TRY(mapping, apis_.read([&](Transaction& transaction) {
    return storage::KeyMappingStore(transaction).find_by_client(token.client_id);
  }));
  AccessClaims claims{.issuer = issuer_,
                      .jti = random_uuid(random_),
                      .family = token.family,
                      .client_id = token.client_id,
                      .user_id = token.user_id,
                      .user = entitlement.user,
                      .scopes = token.scopes,
                      .key_type = mapping ? std::string(model::to_text(mapping->key_type)) : "",
                      .issued_at = token.issued_at,
                      .expires_at = token.expires_at};
  return jose::sign(keys_.current()->signer, access_token_type, to_json(claims));
}

Result<> TokenIssuer::store(const Entitlement& entitlement, const Batch& batch) {
  if (batch.rows.empty() && !entitlement.replaces && !entitlement.redeem) return {};
  GH_TRY(fresh, apis_.write([&](Transaction& transaction) -> Result<bool> {
    storage::TokenStore tokens(transaction);
    if (entitlement.replaces) {
      GH_TRY(first_use, tokens.use(*entitlement.replaces, batch.now));
      if (!first_use) return false;
    }
    if (entitlement.redeem) {
      GH_TRY(first_use, entitlement.redeem(transaction, batch.now));
      if (!first_use) return false;
    }
    // A token stored after its client was removed would live on unseen by the removal.
    const auto client = storage::ClientStore(transaction).find(entitlement.client.client_id);
    if (!client || !client->active) {
      return refuse(unauthorized_client, "The client is no longer registered");
    }
    for (const StoredToken& row : batch.rows) tokens.insert(row);
    return true;
  }));
  if (fresh) return {};
  GH_CHECK(revocations_.revoke_family(entitlement.client, entitlement.replaces
                                                              ? entitlement.replaces->family
                                                              : entitlement.family));
  return refuse(invalid_grant,
                entitlement.replaces ? "The refresh token is not valid" : "The code is not valid",
                "used a second time");
}

}  // namespace gatehouse::keymanager
