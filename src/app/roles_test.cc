// SPDX-License-Identifier: Apache-2.0
#include "app/roles.h"

#include <gtest/gtest.h>

namespace gatehouse::app {
namespace {

struct Row {
  std::vector<std::string> profiles;
  const char* text;
  bool keeps_data;
  bool keeps_registry;
};

// DESIGN: what each role opens.
TEST(Roles, OpenOnlyTheDatabasesTheyNeed) {
  for (const Row& row : {
           Row{{"publisher"}, "publisher", true, true},
           Row{{"devportal"}, "devportal", true, true},
           Row{{"admin"}, "admin", true, true},
           Row{{"key-manager"}, "key-manager", true, false},
           Row{{"traffic-manager"}, "traffic-manager", false, false},
           Row{{"gateway"}, "gateway", false, false},
           Row{{"gateway", "traffic-manager"}, "traffic-manager, gateway", false, false},
           Row{{"control-plane"}, "publisher, devportal, admin, key-manager", true, true},
           Row{{"all-in-one"},
               "publisher, devportal, admin, key-manager, traffic-manager, gateway",
               true,
               true},
       }) {
    const Roles roles = Roles::of(row.profiles);
    EXPECT_EQ(roles.text(), row.text);
    EXPECT_EQ(roles.keeps_data(), row.keeps_data) << row.text;
    EXPECT_EQ(roles.has_control_port(), row.keeps_data) << row.text;
    EXPECT_EQ(roles.keeps_registry(), row.keeps_registry) << row.text;
  }
}

TEST(Deployment, AsksHereWhatRunsHereUnlessAKeyNamesOthers) {
  Configuration configuration;
  Deployment deployment = Deployment::of(configuration);
  EXPECT_EQ(deployment.key_managers_of_gateway, Place::here);
  EXPECT_EQ(deployment.key_managers_of_portals, Place::here);
  EXPECT_EQ(deployment.feed, Place::here);

  configuration.gateway.key_manager = {"https://km.example:9443"};
  deployment = Deployment::of(configuration);
  EXPECT_EQ(deployment.key_managers_of_gateway, Place::elsewhere);
  EXPECT_EQ(deployment.feed, Place::here);

  configuration = {};
  configuration.server.profile = {"gateway", "publisher"};
  deployment = Deployment::of(configuration);
  EXPECT_EQ(deployment.key_managers_of_gateway, Place::elsewhere);
  EXPECT_EQ(deployment.key_managers_of_portals, Place::elsewhere);
  EXPECT_EQ(deployment.feed, Place::here);
}

TEST(Deployment, TakesTheIssuerOfTheKeyManagerThatClientsSee) {
  Configuration configuration;
  configuration.server.port_offset = 3;
  EXPECT_EQ(configuration.issuer(), "https://localhost:9446/oauth2/token");
  configuration.server.profile = {"publisher", "devportal", "admin"};
  configuration.portals.key_manager = {"https://km.example:9446", "https://km-2.example:9443"};
  EXPECT_EQ(configuration.key_manager_url(), "https://km.example:9446");
  EXPECT_EQ(configuration.issuer(), "https://km.example:9446/oauth2/token");
  configuration.key_manager.issuer = "https://login.example";
  EXPECT_EQ(configuration.issuer(), "https://login.example");
}

}  // namespace
}  // namespace gatehouse::app
