// SPDX-License-Identifier: Apache-2.0
//
// Tenants: table um_tenant. The first one, "carbon.super", is made at the first start.
//
// Switching one on or off writes a row of um_outbox in the same transaction, so that gateways hear
// of it even if this process dies before it tells them.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"
#include "storage/users/occurrence.h"

namespace gatehouse::storage {

inline constexpr std::string_view first_tenant_domain = "carbon.super";

struct Tenant {
  model::TenantNumber number = model::first_tenant;
  std::string domain;
  bool active = true;
  Instant created_at{};
};

class TenantStore {
 public:
  explicit TenantStore(Transaction& transaction) : transaction_(transaction) {}

  // Error: not_found (909011).
  Result<Tenant> find(model::TenantNumber number) const;
  Result<Tenant> find_by_domain(std::string_view domain) const;
  // In the order of their numbers.
  Result<Listed<Tenant>> list(const Window& window) const;

  // A number that no tenant has had.
  Result<model::TenantNumber> take_number();
  // Error: conflict (909010), when the domain is taken.
  Result<> insert(const Tenant& tenant);
  // Writes `active`. Error: not_found.
  Result<> update(const Tenant& tenant, const Occurrence& occurrence);
  // The tenant's row alone (tenant_removal.h removes the rest). Error: not_found.
  Result<> remove(model::TenantNumber number);

 private:
  Transaction& transaction_;
};

}  // namespace gatehouse::storage
