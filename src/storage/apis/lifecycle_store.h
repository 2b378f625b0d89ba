// SPDX-License-Identifier: Apache-2.0
//
// The history of an API's states: table am_lifecycle_event.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct LifecycleEvent {
  std::string id;
  std::string api_id;
  std::string state_before;  // empty: the API was made
  std::string state_after;
  std::string user_id;
  Instant at{};
};

class LifecycleStore {
 public:
  LifecycleStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // The latest thousand, oldest first.
  Result<std::vector<LifecycleEvent>> list(std::string_view api_id) const;
  Result<> append(const LifecycleEvent& event);
  Result<> remove_all(std::string_view api_id);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
