// SPDX-License-Identifier: Apache-2.0
//
// The crash tests of storage; with "--child", the process that they kill.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kill_child.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && arguments[0] == "--child") {
    return gatehouse::storage::run_child({arguments.begin() + 1, arguments.end()});
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
