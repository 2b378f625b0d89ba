// SPDX-License-Identifier: Apache-2.0
//
// Scopes that several APIs may name: table am_shared_scope.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct SharedScope {
  std::string id;
  std::string name;
  std::string display_name;
  std::string description;
  std::vector<std::string> roles;  // empty: everybody
  Instant created_at{};
};

class SharedScopeStore {
 public:
  SharedScopeStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Error: not_found (900981).
  Result<SharedScope> find(std::string_view id) const;
  Result<bool> has(std::string_view name) const;
  // In the order of name.
  Result<Listed<SharedScope>> list(const Window& window) const;

  // The caller has seen that the name is free.
  Result<> insert(const SharedScope& scope);
  // Writes everything but id and name.
  Result<> update(const SharedScope& scope);
  Result<> remove(std::string_view id);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
