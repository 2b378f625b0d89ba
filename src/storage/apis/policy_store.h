// SPDX-License-Identifier: Apache-2.0
//
// Throttling policies of the three levels: table am_policy.
//
// Thread:  one transaction.
#pragma once

#include "model/snapshot.h"
#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct PolicyRow {
  std::string id;
  model::PolicyLevel level = model::PolicyLevel::application;
  std::string name;
  json::object document;  // the REST resource of the admin API
  std::int64_t version = 0;
  Instant created_at{};
  Instant updated_at{};
};

class PolicyStore {
 public:
  PolicyStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Error: not_found (903005).
  Result<PolicyRow> find(model::PolicyLevel level, std::string_view id) const;
  Result<PolicyRow> find_by_name(model::PolicyLevel level, std::string_view name) const;
  Result<bool> has(model::PolicyLevel level, std::string_view name) const;
  // In the order of name.
  Result<Listed<PolicyRow>> list(model::PolicyLevel level, const Window& window) const;

  // Error: conflict, when the level has a policy of this name.
  Result<> insert(const PolicyRow& policy);
  // Writes the document. Error: conflict, when `version` is not the row's.
  Result<> update(const PolicyRow& policy);
  Result<> remove(std::string_view id);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
