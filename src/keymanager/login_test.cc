// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include <algorithm>

#include "keymanager/test_key_manager.h"

namespace gatehouse::keymanager {
namespace {

// Hashing dominates, as in a server: what else a busy machine does is little beside it.
Options slow_hashes() {
  Options options = quick_options();
  options.password_cost = {.memory_kib = 8 * 1024, .passes = 1};
  return options;
}

// Of all threads of this process: what others do on the machine meanwhile does not count.
double cpu_seconds() {
  timespec spent{};
  EXPECT_EQ(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent), 0);
  return static_cast<double>(spent.tv_sec) + 1e-9 * static_cast<double>(spent.tv_nsec);
}

// Each user is tried once, so nobody is locked. The shortest of many tries is what is left when the
// machine's other work disturbs the rest.
TEST(Login, DoesNotTellAnUnknownNameFromAWrongPassword) {
  constexpr int tries = 60;
  TestKeyManager server(slow_hashes());
  const std::string client = server.client();
  std::vector<double> known;
  std::vector<double> unknown;
  for (int i = 0; i < tries; ++i) {
    server.add_user(fmt::format("known{}", i), {"Internal/subscriber"});
  }
  const auto refuse = [&](const std::string& name) {
    const std::string body =
        fmt::format("grant_type=password&username={}&password=a-wrong-one", name);
    const double before = cpu_seconds();
    const auto answer = server.token(body, client);
    const double spent = cpu_seconds() - before;
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(text_or(answer.body, "error", ""), "invalid_grant");
    return spent;
  };
  for (int i = 0; i < tries; ++i) {
    known.push_back(refuse(fmt::format("known{}", i)));
    unknown.push_back(refuse(fmt::format("nobody{}", i)));
  }
  const double ratio = *std::ranges::min_element(unknown) / *std::ranges::min_element(known);
  EXPECT_GT(ratio, 0.8);
  EXPECT_LT(ratio, 1.25);
}

}  // namespace
}  // namespace gatehouse::keymanager
