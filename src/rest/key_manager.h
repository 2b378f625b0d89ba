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

#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"
#include "http/client.h"
#include "model/change.h"
#include "rest/call.h"

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

// The same at another server, which has ways of its own (keymanager/foreign/provider_clients.h).
struct ProviderClient {
  std::string key_manager;  // its name
  std::string id;
  std::string registration;  // sealed; a change may bring another one
};
struct IssuedProviderClient {
  IssuedClient client;  // the secret may be empty: as before
  std::string registration;
};
Result<IssuedProviderClient> create_provider_client(http::Client& key_manager,
                                                    const std::string& provider,
                                                    const ClientSettings& settings);
Result<IssuedProviderClient> update_provider_client(http::Client& key_manager,
                                                    const ProviderClient& client,
                                                    const ClientSettings& settings);
Result<> delete_provider_client(http::Client& key_manager, const ProviderClient& client,
                                model::TenantNumber tenant);

struct SecretInfo {
  std::string id;
  std::string description;
  std::string hint;      // its last letters
  std::string text;      // only of one that was just made
  Instant expires_at{};  // the epoch: never
};
struct SecretWish {
  std::string description;
  std::int64_t seconds = 0;  // until it ends; 0: never
};
Result<std::vector<SecretInfo>> list_secrets(http::Client& key_manager, std::string_view client_id);
// Error: conflict, when the client may not have another one.
Result<SecretInfo> add_secret(http::Client& key_manager, std::string_view client_id,
                              const SecretWish& wish);
// Error: not_found; conflict, when it is the last one.
Result<> revoke_secret(http::Client& key_manager, std::string_view client_id,
                       std::string_view secret_id);

struct ExistingClient {
  std::vector<std::string> grant_types;
  std::vector<std::string> callback_urls;
  std::int64_t access_token_seconds = 3'600;
};
struct ClientProof {
  model::TenantNumber tenant = model::first_tenant;
  std::string client_id;
  std::string secret;
};
// A client of this tenant whose secret the caller knows. Error: unauthenticated.
Result<ExistingClient> check_client(http::Client& key_manager, const ClientProof& proof);

struct TokenRequest {
  std::vector<std::string> scopes;
  std::int64_t seconds = 3'600;
};
// A token of the client itself, as its grant client_credentials gives.
Result<IssuedToken> issue_token(http::Client& key_manager, std::string_view client_id,
                                const TokenRequest& request);

// What another server says of itself at its discovery URL, and its keys in the form that gateways
// read (keymanager/foreign/provider_reader.h).
// Error: forbidden, when the URL leads where it may not.
Result<json::object> read_provider_metadata(http::Client& key_manager, std::string_view url);
Result<json::object> read_provider_keys(http::Client& key_manager,
                                        const json::object& certificates);

// A key that opens one API for a minute (keymanager/try_out_keys.h).
Result<std::string> issue_try_out_key(http::Client& key_manager, std::string_view api_id,
                                      std::string_view user_id);

// The roles, status or password of a user changed.
Result<> tell_user_changed(http::Client& key_manager, model::TenantNumber tenant,
                           std::string_view user_id);
// What the roles of a tenant may do changed, or the tenant was switched on or off.
Result<> tell_tenant_changed(http::Client& key_manager, model::TenantNumber tenant);
Result<> revoke_user(http::Client& key_manager, model::TenantNumber tenant,
                     std::string_view user_id);
// The link by which a user sets a new password, and until when it holds; mailed, neither is said.
// Error: conflict, when the password is in a directory; invalid_argument, when it cannot be mailed.
struct PasswordLink {
  std::string url;
  Instant expires_at{};
};
enum class Delivery : std::uint8_t { told, mailed };
Result<PasswordLink> make_password_link(http::Client& key_manager, model::TenantNumber tenant,
                                        std::string_view user_id, Delivery delivery);

// Whether the password is the caller's, who has been let in already.
Result<bool> is_password(http::Client& key_manager, const Caller& caller,
                         std::string_view password);

}  // namespace gatehouse::rest
