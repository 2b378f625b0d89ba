// SPDX-License-Identifier: Apache-2.0
//
// Applications of one tenant: table am_application.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct ApplicationRow {
  std::string id;
  std::string owner_id;
  std::string name;
  std::string policy;
  std::string token_type;  // "JWT" or "OAUTH"
  std::string status;      // "APPROVED", ...
  json::object document;   // the REST resource; "owner" is the owner's name
  std::int64_t version = 0;
  Instant created_at{};
  Instant updated_at{};

  std::string owner() const { return text_or(document, "owner", ""); }
};

// Every condition must hold; an empty one holds always.
struct ApplicationQuery {
  std::string owner_id;
  std::string name;  // whole
};

class ApplicationStore {
 public:
  ApplicationStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Error: not_found (900307).
  Result<ApplicationRow> find(std::string_view id) const;
  // The same within one owner's applications.
  Result<ApplicationRow> find_own(std::string_view id, const std::string& owner_id) const;
  // In the order of name and id.
  Result<Listed<ApplicationRow>> list(const ApplicationQuery& query, const Window& window) const;
  // Names of the applications under this application policy, at most ten.
  Result<std::vector<std::string>> users_of_policy(std::string_view policy) const;

  // Error: conflict (900301), when the owner has an application of this name.
  Result<> insert(const ApplicationRow& application);
  // Writes everything but id and created_at. Error: conflict, also when `version` is not the row's.
  Result<> update(const ApplicationRow& application);
  Result<> remove(std::string_view id);

 private:
  Result<> refuse_second(const ApplicationRow& application) const;

  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
