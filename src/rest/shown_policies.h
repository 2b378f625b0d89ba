// SPDX-License-Identifier: Apache-2.0
//
// /throttling-policies of the portals: providers and consumers choose among two of the three levels
// each.
//
// Thread:  pool threads; one read each.
#pragma once

#include "model/snapshot.h"
#include "rest/call.h"
#include "storage/database.h"

namespace gatehouse::rest {

// What a portal shows: every level but one.
struct ShownPolicies {
  storage::Database& api_manager;
  model::PolicyLevel hidden;

  // GET /throttling-policies/{policyLevel}: by name. Error: invalid_argument for another level.
  Result<Reply> list(const Call& call) const;
  // One of the level that the path names. Error: as list; not_found.
  Result<Reply> get(const Call& call, const std::string& name) const;

 private:
  Result<model::PolicyLevel> level_of(const Call& call) const;
};

}  // namespace gatehouse::rest
