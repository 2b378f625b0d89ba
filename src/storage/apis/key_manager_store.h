// SPDX-License-Identifier: Apache-2.0
//
// Other servers whose tokens open the APIs of a tenant, or of every tenant (model::every_tenant):
// table am_key_manager.
//
// Thread:  one transaction.
#pragma once

#include "model/snapshot.h"
#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct KeyManagerRow {
  model::TenantNumber tenant = model::first_tenant;
  std::string id;
  std::string name;
  std::string issuer;  // may be empty
  bool enabled = true;
  json::object document;           // the REST resource, without secrets
  std::string secret;              // for its introspection endpoint, sealed; may be empty
  std::string registration_token;  // for its registration endpoint, the same
  json::object key_set;            // JWKS, as it was read last
  std::int64_t version = 0;
  Instant created_at{};
};

// Whether applications get clients that are made there.
bool makes_clients(const KeyManagerRow& row);

// The part that gateways know.
model::KnownKeyManager known_key_manager(const KeyManagerRow& row);

class KeyManagerStore {
 public:
  KeyManagerStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Error: not_found (901411).
  Result<KeyManagerRow> find(std::string_view id) const;
  // The tenant's own of this name, else everybody's.
  Result<KeyManagerRow> find_usable(std::string_view name) const;
  // In the order of name.
  Result<std::vector<KeyManagerRow>> list() const;
  // With those that are everybody's.
  Result<std::vector<KeyManagerRow>> list_usable() const;
  // How many keys of applications it has given, or vouches for: of this tenant, or of all when it
  // is everybody's.
  Result<std::int64_t> count_mappings(std::string_view name) const;
  // Ids of the tenant's applications that have keys of it, in the order of their names.
  Result<std::vector<std::string>> applications(std::string_view name) const;

  // Error: conflict (901402 for the name, 909020 for the issuer). One that is everybody's has a
  // name that no tenant uses.
  Result<> insert(const KeyManagerRow& row);
  // Everything but name and key set. Error: conflict, when `version` is not the row's, or another
  // one has the issuer.
  Result<> update(const KeyManagerRow& row);
  // True when they are others than before.
  Result<bool> set_keys(std::string_view id, const json::object& key_set);
  Result<> remove(std::string_view id);

 private:
  Result<> check_new(const KeyManagerRow& row) const;

  Transaction& transaction_;
  model::TenantNumber tenant_;
};

// Of all tenants, in the order of tenant and id; for the feed and for those who fetch key sets.
Result<std::vector<KeyManagerRow>> all_key_managers(Transaction& transaction);

}  // namespace gatehouse::storage
