// SPDX-License-Identifier: Apache-2.0
//
// OAuth clients and their secrets: tables am_client and am_client_secret. A client id is unique
// over all tenants, so a client is found by it alone.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct Client {
  model::TenantNumber tenant = model::first_tenant;
  std::string client_id;
  std::string name;
  std::string owner_id;
  std::vector<std::string> grant_types;
  std::vector<std::string> callback_urls;
  std::string token_type = "OAUTH";  // or "JWT": the form of its access tokens
  std::int64_t access_token_seconds = 3600;
  std::int64_t refresh_token_seconds = 86'400;
  bool active = true;
  json::object document;  // what its registration said beyond the columns
  std::int64_t version = 0;
  Instant created_at{};
  // Of the application's keys that it is: "PRODUCTION", "SANDBOX", or empty. Read with the client,
  // so that no token needs a look-up of its own; written by KeyMappingStore alone.
  std::string key_type{};

  bool may(std::string_view grant_type) const;
};

// One of several secrets of a client; we keep only what a secret hashes to.
struct ClientSecret {
  std::string id;
  std::string hash;  // SHA-256, 32 bytes
  std::string description;
  std::string hint;  // its last letters, by which people tell one from another
  Instant created_at{};
  Instant expires_at{};  // the epoch: never
};

class ClientStore {
 public:
  explicit ClientStore(Transaction& transaction) : transaction_(transaction) {}

  // Error: not_found (900404).
  Result<Client> find(std::string_view client_id) const;
  // A client with the hashes of its secrets that work at `now`. Error: not_found (900404).
  struct Known {
    Client client;
    std::vector<std::string> secrets;
  };
  Result<Known> find_known(std::string_view client_id, Instant now) const;
  // All of them, newest first, without their hashes.
  Result<std::vector<ClientSecret>> secrets(const Client& client) const;

  // Error: conflict, when the id is taken.
  Result<> insert(const Client& client);
  // Writes everything but tenant, id, owner and created_at. Error: conflict, when `version` is not
  // the row's.
  Result<> update(const Client& client);
  // With its secrets; its tokens are the revocation's business.
  Result<> remove(const Client& client);

  // Beside the others; of more than `keep` the oldest go.
  Result<> add_secret(const Client& client, const ClientSecret& secret, std::int64_t keep);
  Result<> remove_secret(const Client& client, std::string_view secret_id);
  Result<> remove_secrets(const Client& client);

 private:
  Transaction& transaction_;
};

}  // namespace gatehouse::storage
