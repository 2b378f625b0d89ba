// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/lifecycle_store.h"

#include <algorithm>

namespace gatehouse::storage {

Result<std::vector<LifecycleEvent>> LifecycleStore::list(std::string_view api_id) const {
  GH_TRY(rows, transaction_.query("SELECT id, api_id, state_before, state_after, user_id, at_ms "
                                  "FROM am_lifecycle_event WHERE tenant_id = $1 AND api_id = $2 "
                                  "ORDER BY sequence DESC LIMIT 1000",
                                  tenant_, api_id));
  std::vector<LifecycleEvent> events;
  for (const Row& row : rows) {
    events.push_back(
        {row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.instant(5)});
  }
  std::reverse(events.begin(), events.end());
  return events;
}

Result<> LifecycleStore::append(const LifecycleEvent& event) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_lifecycle_event (tenant_id, id, api_id, sequence, state_before, state_after, "
      "user_id, at_ms) SELECT $1, $2, $3, COALESCE(MAX(sequence), 0) + 1, $4, $5, $6, $7 "
      "FROM am_lifecycle_event WHERE tenant_id = $1 AND api_id = $3",
      tenant_, event.id, event.api_id, event.state_before, event.state_after, event.user_id,
      event.at));
  return {};
}

Result<> LifecycleStore::remove_all(std::string_view api_id) {
  GH_CHECK(transaction_.execute(
      "DELETE FROM am_lifecycle_event WHERE tenant_id = $1 AND api_id = $2", tenant_, api_id));
  return {};
}

}  // namespace gatehouse::storage
