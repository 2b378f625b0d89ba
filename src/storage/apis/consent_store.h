// SPDX-License-Identifier: Apache-2.0
//
// What users have let clients do: table am_consent.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct Consent {
  std::string user_id;
  std::string client_id;
  std::vector<std::string> scopes;
  Instant granted_at{};
};

struct NamedConsent {
  Consent consent;
  std::string client_name;
};

class ConsentStore {
 public:
  ConsentStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  Result<std::optional<Consent>> find(std::string_view user_id, std::string_view client_id) const;
  // In the order of the clients' names, at most `limit`.
  Result<std::vector<NamedConsent>> list(std::string_view user_id, std::int64_t limit) const;
  // In the place of what there was.
  Result<> put(const Consent& consent);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
