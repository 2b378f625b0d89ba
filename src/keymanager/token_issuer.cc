// SPDX-License-Identifier: Apache-2.0
#include "keymanager/token_issuer.h"

#include <algorithm>

#include "core/digest.h"
#include "core/id.h"
#include "core/text.h"
#include "jose/opaque_token.h"
#include "keymanager/access_claims.h"
#include "keymanager/client_kind.h"
#include "keymanager/lifetime.h"
#include "keymanager/oauth_error.h"
#include "storage/apis/client_store.h"

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
          .details = to_json(entitlement.details),
          .issued_at = now,
          .expires_at = now + std::chrono::seconds(seconds)};
}

// RFC 6749, section 6: the next refresh token has the scopes of the one before.
StoredToken refresh_token_after(const StoredToken& access, const Entitlement& entitlement) {
  StoredToken refresh = access;
  refresh.kind = TokenKind::refresh;
  refresh.expires_at =
      access.issued_at + std::chrono::seconds(entitlement.client.refresh_token_seconds);
  if (entitlement.replaces) {
    refresh.scopes = entitlement.replaces->scopes;
    refresh.details = entitlement.replaces->details;
    return refresh;
  }
  // The client's own proof guards its refresh tokens; only a public one has nothing else than the
  // key (RFC 9449, section 5; RFC 8705, section 4).
  TokenDetails details = entitlement.details;
  if (!is_public(entitlement.client)) {
    details.key_thumbprint.clear();
    details.certificate_thumbprint.clear();
  }
  refresh.details = to_json(details);
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
  body["token_type"] = token_type;
  body["expires_in"] = expires_in;
  if (!id_token.empty()) body["id_token"] = id_token;
  if (!issued_token_type.empty()) body["issued_token_type"] = issued_token_type;
  return body;
}

TokenIssuer::TokenIssuer(const Resources& resources, const SigningKeys& keys,
                         TokenAlgorithms& algorithms, Revocations& revocations, std::string issuer)
    : apis_(resources.apis),
      clock_(resources.clock),
      random_(resources.random),
      keys_(keys),
      algorithms_(algorithms),
      revocations_(revocations),
      issuer_(std::move(issuer)),
      id_tokens_(keys, algorithms, resources.clock, issuer_) {}

Result<IssuedTokens> TokenIssuer::issue(const Entitlement& entitlement) {
  const Instant now = entitlement.as_of.value_or(clock_.now());
  std::string family = entitlement.replaces ? entitlement.replaces->family : entitlement.family;
  if (family.empty()) family = to_base64url(random_.bytes(family_size));
  StoredToken access = access_token_of(entitlement, std::move(family), now);
  IssuedTokens issued;
  issued.scopes = entitlement.scopes;
  issued.issued_token_type = entitlement.issued_token_type;
  if (!entitlement.details.key_thumbprint.empty()) issued.token_type = "DPoP";
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
  GH_TRY(id_token, make_id_token(entitlement, issued.access_token));
  issued.id_token = std::move(id_token);
  GH_CHECK(store(entitlement, batch));
  return issued;
}

Result<std::string> TokenIssuer::make_jwt(const Entitlement& entitlement,
                                          const StoredToken& token) {
  AccessClaims claims{.issuer = issuer_,
                      .jti = random_uuid(random_),
                      .family = token.family,
                      .client_id = token.client_id,
                      .user_id = token.user_id,
                      .user = entitlement.user,
                      .scopes = token.scopes,
                      .key_type = entitlement.client.key_type,
                      .details = entitlement.details,
                      .issued_at = token.issued_at,
                      .expires_at = token.expires_at};
  const std::shared_ptr<const KeyRing> ring = keys_.current();
  GH_TRY(algorithm, algorithms_.of_access_token(entitlement.client));
  return jose::sign(ring->signer_for(algorithm), access_token_type, to_json(claims));
}

Result<std::string> TokenIssuer::make_id_token(const Entitlement& entitlement,
                                               const std::string& access_token) const {
  const std::vector<std::string>& scopes = entitlement.scopes;
  const bool wanted = !entitlement.user_id.empty() && entitlement.details.sign_on &&
                      std::find(scopes.begin(), scopes.end(), "openid") != scopes.end();
  if (!wanted) return std::string();
  return id_tokens_.issue({.client = entitlement.client,
                           .user_id = entitlement.user_id,
                           .sign_on = *entitlement.details.sign_on,
                           .session = entitlement.details.session,
                           .access_token = access_token,
                           .code = entitlement.code});
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
