// SPDX-License-Identifier: Apache-2.0
#include "app/nats_permissions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/test_folder.h"

namespace gatehouse::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(NatsPermissions, AGatewayMayAskAndHearsNewsAndItsOwnGrants) {
  EXPECT_EQ(nats_permissions({*ClusterNode::parse("gw1=gateway")}),
            R"(authorization {
  users: [
    {
      user: "gw1"
      permissions: {
        publish: ["gatehouse.limits.ask"]
        subscribe: [)"
            R"("gatehouse.changes", )"
            R"("gatehouse.changes.Default", )"
            R"("gatehouse.limits.to.gw1.>", )"
            R"("gatehouse.revocations"]
      }
    }
  ]
}
)");
}

TEST(NatsPermissions, AGatewayHearsOfItsEnvironmentsOnly) {
  const std::string text = nats_permissions({*ClusterNode::parse("gw1=gateway@us,eu")});
  EXPECT_THAT(text, HasSubstr("\"gatehouse.changes\", \"gatehouse.changes.eu,us\", \"gatehouse.l"));
  EXPECT_THAT(text, Not(HasSubstr("Default")));
}

TEST(NatsPermissions, ATrafficManagerTellsNoNews) {
  const std::string text = nats_permissions({*ClusterNode::parse("tm=traffic-manager")});
  EXPECT_THAT(text, HasSubstr("\"gatehouse.limits.to.>\""));
  EXPECT_THAT(text, HasSubstr("\"gatehouse.keep.limits\""));
  EXPECT_THAT(text, Not(HasSubstr("gatehouse.changes")));
  EXPECT_THAT(text, Not(HasSubstr("gatehouse.revocations")));
}

TEST(NatsPermissions, AControlPlaneHasNoLimits) {
  const std::string text = nats_permissions({*ClusterNode::parse("cp=publisher+key-manager")});
  EXPECT_THAT(text, HasSubstr("publish: [\"gatehouse.changes\", \"gatehouse.changes.*\", "
                              "\"gatehouse.revocations\"]"));
  EXPECT_THAT(text, Not(HasSubstr("limits")));
}

TEST(NatsPermissions, NodesAreNamedAsTheConfigurationNamesThem) {
  for (const char* text : {"", "gw1", "=gateway", "gw1=", "gw1=gate", "g w=gateway", "gw.1=gateway",
                           "*=gateway", "gw\"=gateway"}) {
    const auto node = ClusterNode::parse(text);
    ASSERT_FALSE(node) << text;
    EXPECT_EQ(node.error().code, ErrorCode::invalid_argument);
  }
}

TEST(NatsPermissions, PasswordsAreMadeOnceAndKeptFromOthers) {
  const TestFolder folder;
  SystemRandom random;
  const auto first = password_of_node(folder.path().string(), "gw1", random);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size(), 32U);
  EXPECT_EQ(*password_of_node(folder.path().string(), "gw1", random), *first);
  EXPECT_NE(*password_of_node(folder.path().string(), "gw2", random), *first);
  struct stat status{};
  ASSERT_EQ(::stat((folder.path() / "gw1.password").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_FALSE(password_of_node("/nowhere", "gw1", random));
}

}  // namespace
}  // namespace gatehouse::app
