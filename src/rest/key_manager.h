// SPDX-License-Identifier: Apache-2.0
//
// What the portals ask of the key manager: the OAuth clients of applications, their tokens, and to
// forget what it knew of a user.
//
// Thread:  blocks; pool threads, never inside a write or read of a database.
// Error:   unavailable, when no key manager answers; else what it says, with its number.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "http/client.h"
#include "model/change.h"

namespace gatehouse::rest {

struct ClientSettings {
  model::TenantNumber tenant = model::first_tenant;
  std::string name;
  std::string owner_id;
  std::vector<std::string> grant_types;
  std::vector<std::string> callback_urls;
  std::string token_type = "JWT";  // or "OAUTH"
  std::int64_t access_token_seconds = 3'600;
  std::int64_t refresh_token_seconds = 86'400;
};

struct IssuedClient {
  std::string id;
  std::string secret;  // nobody can read it again
};

struct IssuedToken {
  std::string token;
  std::vector<std::string> scopes;
  std::int64_t expires_in = 0;
};

Result<IssuedClient> create_client(http::Client& key_manager, const ClientSettings& settings);
Result<> update_client(http::Client& key_manager, std::string_view client_id,
                       const ClientSettings& settings);
// Its tokens are revoked with it. A client that is gone already is no error.
Result<> delete_client(http::Client& key_manager, std::string_view client_id);
// Returns the secret that holds from now on.
Result<std::string> regenerate_secret(http::Client& key_manager, std::string_view client_id);

struct TokenRequest {
  std::vector<std::string> scopes;
  std::int64_t seconds = 3'600;
};
// A token of the client itself, as its grant client_credentials gives.
Result<IssuedToken> issue_token(http::Client& key_manager, std::string_view client_id,
                                const TokenRequest& request);

// The roles, status or password of a user changed.
Result<> tell_user_changed(http::Client& key_manager, model::TenantNumber tenant,
                           std::string_view user_id);
Result<> revoke_user(http::Client& key_manager, model::TenantNumber tenant,
                     std::string_view user_id);
// Whether the password is this user's, as the key manager sees it.
Result<bool> is_password(http::Client& key_manager, std::string_view user,
                         std::string_view password);

}  // namespace gatehouse::rest
