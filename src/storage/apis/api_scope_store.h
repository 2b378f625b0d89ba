// SPDX-License-Identifier: Apache-2.0
//
// Scopes that APIs define, with the roles that may hold each: table am_api_scope.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct ApiScope {
  std::string api_id;  // empty: a shared one, which no API defines
  std::string name;
  std::vector<std::string> roles;  // empty: everybody
};

class ApiScopeStore {
 public:
  ApiScopeStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Every definition of this scope: of an API, whose versions may share it, or of all.
  Result<std::vector<ApiScope>> find(std::string_view name) const;
  // Replaces the scopes of an API.
  Result<> put(std::string_view api_id, const std::vector<ApiScope>& scopes);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
