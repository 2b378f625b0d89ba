// SPDX-License-Identifier: Apache-2.0
//
// Operations by which a crash test sees what survived. Each is what publishing does in small: a
// content in the registry, then, in one write to api_manager, a revision that names it, two search
// terms and a change.
//
// Thread:  any.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "storage/databases.h"

namespace gatehouse::storage {

struct LedgerEntry {
  std::string id;  // unique, without spaces
  std::size_t content_bytes;
};

// `between` runs after the registry's commit and before api_manager's.
Result<> perform(
    Databases& databases, const LedgerEntry& entry, const Clock& clock,
    const std::function<void()>& between = [] {});

struct Findings {
  std::set<std::string> whole;
  std::vector<std::string> wrong;  // sentences: what is half there, missing or damaged
};

// Looks at every table, at the numbers of changes, and has SQLite check its files.
Findings inspect(Databases& databases);

}  // namespace gatehouse::storage
