// SPDX-License-Identifier: Apache-2.0
//
// The one list of keys: it reads the file, prints it, and fills the reference page. A key that is
// not in it stops the start.
//
// Thread:  pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "app/configuration.h"

namespace gatehouse::app {

struct Range {
  std::int64_t min = 0;
  std::int64_t max = 0;
};

// Where the value lives, and what it may be: a number within its range, or one of `allowed` texts.
struct ConfigurationKey {
  std::string section;
  std::string name;
  std::variant<std::string*, std::int64_t*, bool*, std::vector<std::string>*> value;
  std::string meaning;
  Range range{};
  std::vector<std::string> allowed{};

  std::string full_name() const { return section + "." + name; }
};

// Every value of server.profile.
const std::vector<std::string>& profiles();

std::vector<ConfigurationKey> keys_of(Configuration& configuration);

#ifdef GATEHOUSE_NEXT
// The key of the other version (tests/next/README.md), for the node of this process.
std::string& next_notice();
#endif

// A rule over several keys. Error: invalid_argument.
Result<> check_rules(const Configuration& configuration);

}  // namespace gatehouse::app
