// SPDX-License-Identifier: Apache-2.0
//
// Gateway environments, where revisions are deployed: table am_environment.
//
// Thread:  one transaction.
#pragma once

#include "model/snapshot.h"
#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct EnvironmentRow {
  std::string id;
  std::string name;
  json::object document;  // the REST resource, with its vhosts
  std::int64_t version = 0;
  Instant created_at{};

  // The vhost of this host name, or null.
  const json::object* vhost(std::string_view host) const;
  // The one that the environment names first, or null.
  const json::object* first_vhost() const;
  // Whether calls with keys of this type are served there, by the type of the environment: hybrid,
  // production or sandbox. What is none of them is old, and hybrid.
  bool serves(model::KeyType keys) const;
};

class EnvironmentStore {
 public:
  EnvironmentStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Error: not_found (900506).
  Result<EnvironmentRow> find(std::string_view id) const;
  Result<EnvironmentRow> find_by_name(std::string_view name) const;
  // In the order of name.
  Result<std::vector<EnvironmentRow>> list() const;

  // Error: conflict (900507), when the name is taken.
  Result<> insert(const EnvironmentRow& environment);
  // Writes the document. Error: conflict, when `version` is not the row's.
  Result<> update(const EnvironmentRow& environment);
  Result<> remove(std::string_view id);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
