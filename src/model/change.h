// SPDX-License-Identifier: Apache-2.0
//
// A marker in the change log: which thing that gateways know has changed. It carries no content;
// the feed renders that from the current state.
//
// Thread:  plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace gatehouse::model {

using TenantNumber = std::int64_t;  // the first tenant is 1
inline constexpr TenantNumber first_tenant = 1;

enum class ChangeKind : std::uint8_t {
  api,           // id: API; everything of it that gateways serve, the bundle included
  application,   // id: application
  subscription,  // id: subscription
  key_mapping,   // id: key mapping
  policy,        // id: policy
  api_key,       // id: API key
  signing_key,   // id: kid
  key_manager,   // id: key manager
  user,          // id: user; roles, password or status changed, or the user was removed
  tenant,        // id: its number; switched on or off
  // Of a newer version, which works on the same database meanwhile. Nobody here tells of it.
  other = 255,
};

// How many kinds this version knows. They are never taken away.
std::size_t change_kinds();

// "api", "key_mapping", ...: the form of the `kind` column and of the feed.
std::string_view to_text(ChangeKind kind);
Result<ChangeKind> parse_change_kind(std::string_view text);

struct Change {
  ChangeKind kind;
  TenantNumber tenant;
  std::string id;
  // Only for kind api: names of the environments that serve it, before and after.
  std::vector<std::string> environments_before;
  std::vector<std::string> environments_after;
};

}  // namespace gatehouse::model
