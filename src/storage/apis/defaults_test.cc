// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/defaults.h"

#include <gtest/gtest.h>

#include "storage/apis/environment_store.h"
#include "storage/test_databases.h"

namespace gatehouse::storage {
namespace {

struct Row {
  KnownVhost known;
  const char* host;
  std::int64_t port;
};

TEST(Defaults, VhostFollowsTheNodeWithAGatewayAndNoOther) {
  for (const Row& row :
       {Row{KnownVhost::follows, "moved", 9243}, Row{KnownVhost::stays, "first", 8243}}) {
    TestDatabases databases;
    FakeClock clock(from_ms(1'700'000'000'000));
    SeededRandom random(7);
    DefaultsOptions options{.host = "first", .known_vhost = row.known};
    ASSERT_TRUE(add_defaults(databases.api_manager(), options, clock, random));
    options.host = "moved";
    options.https_port = 9243;
    ASSERT_TRUE(add_defaults(databases.api_manager(), options, clock, random));
    const auto environment = databases.api_manager().read([](Transaction& transaction) {
      return EnvironmentStore(transaction, model::first_tenant).find_by_name(default_environment);
    });
    ASSERT_TRUE(environment);
    const json::object& vhost = environment->document.at("vhosts").as_array().front().as_object();
    EXPECT_EQ(text_or(vhost, "host", ""), row.host);
    EXPECT_EQ(number_or(vhost, "httpsPort", 0), row.port);
  }
}

}  // namespace
}  // namespace gatehouse::storage
