// SPDX-License-Identifier: Apache-2.0
#include "keymanager/grants/refresh_token.h"

#include <algorithm>

#include "core/digest.h"
#include "jose/opaque_token.h"
#include "keymanager/client_kind.h"
#include "keymanager/oauth_error.h"
#include "storage/apis/revocation_store.h"

namespace gatehouse::keymanager {

namespace {

using storage::StoredToken;
using storage::Transaction;

tl::unexpected<Error> not_valid(const char* detail = "") {
  return refuse(invalid_grant, "The refresh token is not valid", detail);
}

Result<std::vector<std::string>> narrowed(const std::vector<std::string>& asked,
                                          const std::vector<std::string>& granted) {
  if (asked.empty()) return granted;
  for (const std::string& scope : asked) {
    // "default" is our word for no scope at all, and clients send it back.
    const bool known = std::find(granted.begin(), granted.end(), scope) != granted.end();
    if (!known && scope != "default") {
      return refuse(invalid_scope, "A scope was not granted at first");
    }
  }
  return asked;
}

}  // namespace

RefreshTokenGrant::RefreshTokenGrant(const Resources& resources, Revocations& revocations,
                                     const Directory& directory, const ScopePolicy& scopes)
    : apis_(resources.apis),
      clock_(resources.clock),
      revocations_(revocations),
      directory_(directory),
      scopes_(scopes) {}

Result<Entitlement> RefreshTokenGrant::decide(const Form& form, const storage::Client& client) {
  GH_TRY(text, form.required("refresh_token"));
  GH_TRY(asked, form.scopes());
  GH_TRY(token, find(text, client));
  GH_TRY(wanted, narrowed(asked, token.scopes));
  GH_TRY(account, user_of(token));
  if (!serves(client, account.tenant)) return not_valid("the user is of another tenant");
  TokenDetails details = token_details_from(token.details);
  GH_TRY(allowed, scopes_.allowed(user_holder(client.tenant, account), wanted));
  return Entitlement{.client = client,
                     .user_id = account.user.id,
                     .user = account.user.name,
                     .scopes = std::move(allowed),
                     .grant_type = token.grant_type,
                     .refresh = WithRefresh::yes,
                     .replaces = std::move(token),
                     .details = std::move(details)};
}

Result<StoredToken> RefreshTokenGrant::find(const std::string& token,
                                            const storage::Client& client) {
  const std::optional<Instant> end = jose::opaque_token_end(jose::OpaqueKind::refresh, token);
  if (!end) return not_valid();
  const std::string hash = to_bytes(sha256(token));
  GH_TRY(found, apis_.read([&](Transaction& transaction) {
    return storage::TokenStore(transaction).find(hash, *end);
  }));
  const bool right =
      found && found->kind == storage::TokenKind::refresh && found->client_id == client.client_id;
  if (!right) return not_valid();
  if (found->used()) {
    GH_CHECK(revocations_.revoke_family(client, found->family));
    return not_valid("used a second time");
  }
  if (found->expires_at <= clock_.now()) return not_valid();
  return *std::move(found);
}

Result<Account> RefreshTokenGrant::user_of(const StoredToken& token) const {
  const model::TenantNumber foreign = token_details_from(token.details).user_tenant;
  if (foreign != 0) {
    // Where he is at home his tokens are removed with him; this one lies in another tenant.
    GH_TRY(revoked, apis_.read([&](Transaction& transaction) {
      return storage::RevocationStore(transaction).covers(storage::names_of(token, foreign));
    }));
    if (revoked) return not_valid("revoked with its user");
  }
  Result<Account> account = directory_.by_id(foreign == 0 ? token.tenant : foreign, token.user_id);
  if (account && account->active()) return account;
  if (!account && account.error().code != ErrorCode::not_found) return account;
  return not_valid("the user is gone or locked");
}

}  // namespace gatehouse::keymanager
