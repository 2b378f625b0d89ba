// SPDX-License-Identifier: Apache-2.0
//
// Registers OAuth clients, and gives them secrets. A secret is shown once, when it is made; we keep
// its SHA-256.
//
// Thread:  pool threads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keymanager/client_secrets.h"
#include "keymanager/grants/client_credentials.h"
#include "keymanager/revocations.h"
#include "keymanager/token_issuer.h"

namespace gatehouse::keymanager {

inline constexpr std::size_t client_id_letters = 28;  // as WSO2's have

// What a client is to be.
struct ClientRequest {
  model::TenantNumber tenant = model::first_tenant;
  std::string name;
  std::string owner_id;
  std::vector<std::string> grant_types;
  std::vector<std::string> callback_urls;
  std::string token_type = "OAUTH";  // or "JWT"
  std::int64_t access_token_seconds = 3600;
  std::int64_t refresh_token_seconds = 86'400;
  // What it said of itself (registered_metadata.h); absent: what is known stays.
  std::optional<json::object> metadata;
  std::optional<bool> all_tenants;  // whom it serves (client_kind.h); absent: what is known stays
  std::string registration_token_hash;  // SHA-256 in hexadecimal; empty: what there is stays
};

struct Registered {
  storage::Client client;
  std::string secret;  // empty: a public client has none
};

class Clients {
 public:
  // A registration that is repeated adds a secret; beyond this many the oldest stops working.
  static constexpr std::int64_t secrets_max = ClientSecrets::secrets_max;

  Clients(const Resources& resources, Revocations& revocations,
          const ClientCredentials& application_grant, TokenIssuer& issuer);

  // A client of its own. Error: invalid_argument.
  Result<Registered> create(const ClientRequest& request);
  // The client that this owner has under this name, made or changed as `request` says, with one
  // more secret; the earlier ones stay valid.
  Result<Registered> create_or_extend(const ClientRequest& request);

  // Error: not_found (900404), also when the client is of another tenant; invalid_argument.
  Result<> update(const std::string& client_id, const ClientRequest& request);
  // Its tokens are taken back in the same transaction.
  Result<> remove(const std::string& client_id);
  // All secrets before it stop working.
  Result<std::string> regenerate_secret(const std::string& client_id);
  // A token of the application itself.
  Result<IssuedTokens> issue_token(const std::string& client_id,
                                   const std::vector<std::string>& scopes, std::int64_t seconds);

 private:
  Result<storage::Client> find(const std::string& client_id) const;
  Result<storage::Client> client_from(const ClientRequest& request, std::string client_id) const;
  Result<> remember_lifetime(const storage::Client& client, std::int64_t seconds);

  storage::Database& apis_;
  const Clock& clock_;
  Random& random_;
  Revocations& revocations_;
  const ClientCredentials& application_grant_;
  TokenIssuer& issuer_;
};

}  // namespace gatehouse::keymanager
