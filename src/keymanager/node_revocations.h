// SPDX-License-Identifier: Apache-2.0
//
// Whose passes (keymanager/node_passes.h) are revoked: for each node that is, the least serial that
// still counts. Read again once a second by the care of the control plane, so a revocation on any
// node holds on all of them within about a second; while the database is away the last list counts.
//
// Thread:  any; one mutex (docs/locks.md), held for a look-up.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "keymanager/node_passes.h"
#include "storage/database.h"

namespace gatehouse::keymanager {

class NodeRevocations {
 public:
  // Reads the list. Error: as the database says; then the one before stays in force.
  Result<> load(storage::Database& api_manager);

  bool revokes(const NodePass& pass) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::uint64_t> least_;  // serial, by name; guarded by mutex_
};

}  // namespace gatehouse::keymanager
