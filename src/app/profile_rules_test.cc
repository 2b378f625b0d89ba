// SPDX-License-Identifier: Apache-2.0
#include "app/profile_rules.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/test_folder.h"
#include "core/text.h"

namespace gatehouse::app {
namespace {

class ProfileRules : public ::testing::Test {
 protected:
  Result<Configuration> read(const std::string& text) {
    file_ = folder_.path() / "node.toml";
    std::ofstream(file_, std::ios::trunc) << text;
    return read_configuration({.file = file_, .settings = {}});
  }

  TestFolder folder_;
  std::string file_;
};

constexpr const char* gateway_elsewhere =
    "[server]\nprofile = [\"gateway\"]\n"
    "[gateway]\nkey_manager = [\"https://km.example:9443\"]\n"
    "control_plane = [\"https://portals.example:9443\"]\n";

struct BadCase {
  std::string text;
  const char* place;  // after the file's name
  const char* key;
};

TEST_F(ProfileRules, NameFileAndKeyOfWhatIsMissingOrSurplus) {
  const std::string gateway = gateway_elsewhere;
  const std::string secret = "[cluster]\nsecret_file = \"secret\"\n";
  const std::string km = "[server]\nprofile = [\"key-manager\"]\n";
  for (const BadCase& bad : {
           BadCase{"[server]\nprofile = []\n", ":2", "server.profile"},
           BadCase{gateway, "", "cluster.secret_file"},
           BadCase{gateway + secret + "[database]\napi_manager = \"postgres://u@h/a\"\n", ":9",
                   "database.api_manager"},
           BadCase{"[server]\nprofile = [\"traffic-manager\"]\n[database]\nuser_manager = "
                   "\"sqlite:other.db\"\n",
                   ":4", "database.user_manager"},
           BadCase{km + secret, ":4", "cluster.secret_file"},
           BadCase{secret, ":2", "cluster.secret_file"},
           BadCase{gateway + secret + "[database]\nowner = \"o\"\n", ":9", "database.owner"},
           BadCase{"[server]\nprofile = [\"admin\"]\n", "", "portals.key_manager"},
           BadCase{"[server]\nprofile = [\"publisher\", \"devportal\"]\n", "",
                   "portals.key_manager"},
           BadCase{km + "[gateway]\ncontrol_plane = [\"https://p.example:9443\"]\n", ":4",
                   "gateway.control_plane"},
           BadCase{km + "[gateway]\nkey_manager = [\"https://k.example:9443\"]\n", ":4",
                   "gateway.key_manager"},
           BadCase{km + "[portals]\nkey_manager = [\"https://k.example:9443\"]\n", ":4",
                   "portals.key_manager"},
       }) {
    const auto configuration = read(bad.text);
    ASSERT_FALSE(configuration) << bad.text;
    EXPECT_EQ(configuration.error().code, ErrorCode::invalid_argument);
    EXPECT_TRUE(configuration.error().message.starts_with(file_ + bad.place + ": " + bad.key))
        << configuration.error().message;
  }
}

// The warnings name these keys and no others.
struct WarningCase {
  std::string text;
  std::vector<std::string> keys;
};

TEST_F(ProfileRules, WarnOfWhatIsMostLikelyAMistake) {
  const std::string secret = "[cluster]\nsecret_file = \"secret\"\n";
  const std::string databases =
      "[database]\nuser_manager = \"postgres://u@h/u\"\napi_manager = \"postgres://u@h/a\"\n"
      "registry = \"postgres://u@h/r\"\n";
  const std::string issuer = "[key_manager]\nissuer = \"https://km.example/oauth2/token\"\n";
  const std::string bus = "bus.url";
  for (const WarningCase& row : {
           WarningCase{"", {}},
           WarningCase{"[server]\nprofile = [\"control-plane\"]\n", {}},
           WarningCase{gateway_elsewhere + secret, {bus, bus}},
           WarningCase{"[server]\nprofile = [\"gateway\"]\n" + secret,
                       {"gateway.key_manager", "gateway.control_plane", bus, bus}},
           WarningCase{"[server]\nprofile = [\"gateway\", \"traffic-manager\"]\n[gateway]\n"
                       "key_manager = [\"https://[::1]:9443\", \"https://km.example:9443\"]\n"
                       "control_plane = [\"https://127.0.0.2:9443\"]\n" +
                           secret,
                       {"gateway.key_manager", "gateway.control_plane", bus}},
           WarningCase{"[server]\nprofile = [\"traffic-manager\"]\n", {bus}},
           WarningCase{"[server]\nprofile = [\"control-plane\"]\n"
                       "[key_manager]\nkey_cache = true\n",
                       {}},
           WarningCase{"[server]\nprofile = [\"key-manager\"]\n" + databases + issuer, {}},
           WarningCase{"[server]\nprofile = [\"key-manager\"]\n",
                       {"key_manager.issuer", "database.user_manager", "database.api_manager"}},
           WarningCase{"[server]\nprofile = [\"key-manager\"]\n[cluster]\naccept = []\n" +
                           databases + issuer,
                       {"cluster.accept"}},
           WarningCase{"[server]\nprofile = [\"publisher\"]\n[portals]\nkey_manager = "
                       "[\"https://km.example:9443\"]\n" +
                           databases + issuer,
                       {"portals.devportal_url"}},
       }) {
    const auto configuration = read(row.text);
    ASSERT_TRUE(configuration) << configuration.error().message;
    std::vector<std::string> keys;
    for (const std::string& warning : warnings_of(*configuration)) {
      ASSERT_TRUE(warning.starts_with(file_)) << warning;
      const std::string rest = warning.substr(warning.find(": ") + 2);
      keys.push_back(rest.substr(0, rest.find(':')));
    }
    EXPECT_EQ(keys, row.keys) << row.text << join(warnings_of(*configuration), "\n");
  }
}

TEST_F(ProfileRules, TakeEveryKeyWithItsUsualValue) {
  const auto printed = read(to_toml(Configuration()));
  ASSERT_TRUE(printed) << printed.error().message;
  EXPECT_TRUE(warnings_of(*printed).empty());
}

}  // namespace
}  // namespace gatehouse::app
