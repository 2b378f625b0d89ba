// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authenticator.h"

#include <algorithm>

#include "rest/problems.h"

namespace gatehouse::keymanager {

json::object to_json(const Identity& identity) {
  const Account& account = identity.account;
  return {{"tenant", account.tenant},
          {"tenant_domain", account.domain},
          {"user_id", account.user.id},
          {"user", account.user.name},
          {"roles", gatehouse::to_json(account.roles)},
          {"scopes", gatehouse::to_json(identity.scopes)}};
}

Result<Identity> Authenticator::authenticate(std::string_view authorization) {
  if (authorization.empty()) return rest::refuse(rest::credentials_missing);
  if (is_basic(authorization)) return by_password(authorization);
  const std::optional<std::string> token = bearer_token(authorization);
  if (!token) return rest::refuse(rest::authorization_malformed);
  return by_token(*token);
}

Result<Identity> Authenticator::by_password(std::string_view authorization) {
  const std::optional<NameAndSecret> pair = basic_credentials(authorization);
  if (!pair) return rest::refuse(rest::authorization_malformed);
  const Result<Account> account = login_.check_remembered(*pair);
  if (!account) {
    if (account.error().code == ErrorCode::unauthenticated) {
      return rest::refuse(rest::credentials_invalid);
    }
    return tl::unexpected<Error>(account.error());
  }
  GH_TRY(scopes, directory_.rest_scopes(*account));
  return Identity{*account, std::move(scopes)};
}

// A token that was asked for other resources opens nothing here.
bool Authenticator::is_for_us(const model::Validation& validation) const {
  const std::vector<std::string>& audiences = validation.audiences;
  return audiences.empty() ||
         std::any_of(audiences.begin(), audiences.end(), [this](const std::string& audience) {
           return audience == base_url_ || audience.starts_with(base_url_ + '/');
         });
}

Result<Identity> Authenticator::by_token(const std::string& token) {
  GH_TRY(validation, validator_.validate_one(token));
  if (!validation.active) {
    const bool expired = validation.code == rest::token_expired.number;
    return rest::refuse(expired ? rest::token_expired : rest::credentials_invalid);
  }
  const bool bound =
      !validation.key_thumbprint.empty() || !validation.certificate_thumbprint.empty();
  if (bound || !is_for_us(validation)) return rest::refuse(rest::credentials_invalid);
  if (validation.user_id.empty()) return rest::refuse(rest::user_required);
  // The key cache may remember a user of a tenant that was switched off a moment ago.
  Result<Account> account = directory_.by_id(validation.tenant_of_user(), validation.user_id);
  if (!account && account.error().code == ErrorCode::not_found) {
    return rest::refuse(rest::credentials_invalid);
  }
  if (!account) return tl::unexpected<Error>(account.error());
  return Identity{*std::move(account), std::move(validation.scopes)};
}

}  // namespace gatehouse::keymanager
