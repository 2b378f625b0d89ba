// SPDX-License-Identifier: Apache-2.0
//
// How many nodes a load needs in each deployment pattern, and how much memory each of them, from
// costs that were measured: costs() says what was measured, and by which benchmark.
//
// A role has the nodes that carry its load with no core busier than `busy_max`, and one more, so
// that one may be lost; those whose cost does not grow with the load have two.
//
// Thread:  pure functions.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace gatehouse::app {

inline constexpr double busy_max = 0.7;

struct Cost {
  std::string_view name;
  double amount;
  std::string_view unit;
  std::string_view measured;  // by what, on what
};

// The one table of what things cost.
const std::vector<Cost>& costs();

struct Load {
  double calls = 1000;     // a second, at the busiest time
  double fresh = 0.001;    // of them with a token that no call had before
  double logins = 1;       // a second, with a password
  double apis = 100;       // deployed, with ten subscriptions each
  double tokens = 10'000;  // of which gateways have heard within their cache's time
  double external = 0.5;   // of the calls, in patterns with gateways outside
  unsigned cores = 2;      // of each node
};

struct NodeGroup {
  std::string role;
  unsigned nodes = 0;
  double busy = 0;         // cores, of all its nodes together
  unsigned memory_mb = 0;  // resident, of each node
};

// Names of the patterns, as deploy/ has them.
const std::vector<std::string>& sized_patterns();

// Error: invalid_argument for a pattern that is none, a share above 1, a negative number; exhausted
// for a pattern of one machine that cannot carry the load.
Result<std::vector<NodeGroup>> nodes_for(std::string_view pattern, const Load& load);

// Prints a table for `pattern`, or for each of them if it is empty.
Result<> run_size(const std::string& pattern, const Load& load, std::ostream& out);

}  // namespace gatehouse::app
