// SPDX-License-Identifier: Apache-2.0
//
// Which application a client belongs to, and whether as a production or a sandbox client: table
// am_key_mapping.
//
// Thread:  one transaction.
#pragma once

#include "model/snapshot.h"
#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct KeyMapping {
  model::TenantNumber tenant = model::first_tenant;
  std::string id;
  std::string application_id;
  model::KeyType key_type = model::KeyType::production;
  std::string key_manager;
  std::string client_id;
  std::string mode;   // "CREATED" or "MAPPED"
  std::string state;  // "APPROVED", ...
  json::object document;
  Instant created_at{};

  // Given by our own key manager.
  bool is_ours() const { return key_manager == model::resident_key_manager; }
  // Its client was made for it, here or at another key manager, so it is changed and removed with
  // it.
  bool made_client() const { return mode != "MAPPED"; }
  // The same, here.
  bool owns_client() const { return is_ours() && made_client(); }
};

class KeyMappingStore {
 public:
  explicit KeyMappingStore(Transaction& transaction) : transaction_(transaction) {}

  // Error: not_found (900331).
  Result<KeyMapping> find(model::TenantNumber tenant, std::string_view id) const;
  // In the order of key type and key manager: production first.
  Result<std::vector<KeyMapping>> list(model::TenantNumber tenant,
                                       std::string_view application_id) const;
  // Of all tenants in the order of tenant and id; for the feed alone.
  Result<std::vector<KeyMapping>> all() const;

  // Error: conflict (901409), when the application has keys of this type and key manager, or the
  // client belongs to another one.
  Result<> insert(const KeyMapping& mapping);
  // Writes `state` and `document`. Error: not_found (900331).
  Result<> update(const KeyMapping& mapping);
  Result<> remove(const KeyMapping& mapping);

 private:
  Transaction& transaction_;
};

}  // namespace gatehouse::storage
