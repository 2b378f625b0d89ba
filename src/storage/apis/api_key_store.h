// SPDX-License-Identifier: Apache-2.0
//
// API keys of applications and APIs, by SHA-256: table am_api_key.
//
// Thread:  one transaction.
#pragma once

#include "model/snapshot.h"
#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct ApiKeyRow {
  std::string id;
  std::string hash;            // 32 bytes
  std::string application_id;  // empty: of an API's key that is tied to none
  std::string api_id;          // empty: every API that the application subscribes to
  model::KeyType key_type = model::KeyType::production;
  std::string name;
  std::vector<std::string> permitted_addresses;
  std::vector<std::string> permitted_referers;
  std::string user_id;
  Instant created_at{};
  Instant expires_at{};    // the epoch: never
  Instant last_used_at{};  // the epoch: not yet

  // Seconds from its making to its end; -1: it never ends.
  std::int64_t validity_s() const {
    if (expires_at == Instant{}) return -1;
    return std::chrono::duration_cast<std::chrono::seconds>(expires_at - created_at).count();
  }
};

// A key as lists show it.
struct NamedApiKey {
  ApiKeyRow row;
  std::string api_name;          // empty: of no API, or of one that is gone
  std::string application_name;  // empty: tied to none
};

// Every condition must hold; an empty one holds always.
struct ApiKeyQuery {
  std::string application_id;
  std::string api_id;
  std::string user_id;
  std::string key_type;
  std::string scope;  // "application": opens whatever the application may; "api": opens one API
};

class ApiKeyStore {
 public:
  ApiKeyStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Error: not_found (909008).
  Result<ApiKeyRow> find(std::string_view id) const;
  Result<ApiKeyRow> find_by_hash(const std::string& hash) const;
  // Oldest first.
  Result<Listed<NamedApiKey>> list(const ApiKeyQuery& query, const Window& window) const;
  // Ids of all that call as the application, and of all that open this API alone.
  Result<std::vector<std::string>> of_application(std::string_view application_id) const;
  Result<std::vector<std::string>> of_api(std::string_view api_id) const;

  Result<> insert(const ApiKeyRow& key);
  // Writes hash, application, times. No change of the log: say so if gateways must hear.
  // Error: not_found (909008).
  Result<> update(const ApiKeyRow& key);
  // Never moves back, and gateways need not hear of it.
  Result<> used(std::string_view id, Instant at);
  // The keys that call as the application are the user's from now on.
  Result<> give(std::string_view application_id, const std::string& user_id);
  Result<> remove(std::string_view id);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
