// SPDX-License-Identifier: Apache-2.0
#include "app/configuration.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/random.h"

namespace gatehouse::app {
namespace {

class File {
 public:
  explicit File(const std::string& text) {
    SystemRandom random;
    path_ = (std::filesystem::temp_directory_path() /
             ("gatehouse-config-" + std::to_string(random.number()) + ".toml"))
                .string();
    std::ofstream(path_) << text;
  }
  ~File() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Each row is a file that must be refused: where, and what the message names.
struct BadCase {
  const char* name;
  const char* text;
  const char* place;  // ":line"
  const char* message;
};

class BadFile : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadFile, IsRefusedWithLineKeyAndWhatIsAllowed) {
  const File file(GetParam().text);
  const Result<Configuration> read = read_configuration({.file = file.path(), .settings = {}});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(read.error().message.find(file.path() + GetParam().place), std::string::npos)
      << read.error().message;
  EXPECT_NE(read.error().message.find(GetParam().message), std::string::npos)
      << read.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Files, BadFile,
    ::testing::Values(
        BadCase{"unknown_key", "[server]\nhostnam = \"a\"\n", ":2", "unknown key 'server.hostnam'"},
        BadCase{"unknown_section", "\n[sever]\n", ":2", "unknown section '[sever]'"},
        BadCase{"key_without_section", "hostname = \"a\"\n", ":1", "unknown key 'hostname'"},
        BadCase{"wrong_type", "[gateway]\nhttp_port = \"x\"\n", ":2",
                "'gateway.http_port' must be a number from 0 to 65535"},
        BadCase{"out_of_range", "[gateway]\nhttp_port = 70000\n", ":2", "from 0 to 65535"},
        BadCase{"wrong_flag", "[gateway]\nkey_cache = 1\n", ":2", "must be true or false"},
        BadCase{"not_a_list", "[server]\nprofile = \"gateway\"\n", ":2", "must be one of"},
        BadCase{"unknown_profile", "[server]\nprofile = [\"gate\"]\n", ":2", "all-in-one, gateway"},
        BadCase{"unknown_level", "[log]\nlevel = \"loud\"\n", ":2", "trace, debug, info"},
        BadCase{"not_toml", "[server]\nhostname = \n", ":2", ""}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Configuration, LaterSourcesWin) {
  const File file("[server]\nhostname = \"file\"\nport_offset = 1\nworkers = 3\n");
  ::setenv("GATEHOUSE__SERVER__PORT_OFFSET", "2", 1);
  ::setenv("GATEHOUSE__SERVER__WORKERS", "4", 1);
  const Result<Configuration> read =
      read_configuration({.file = file.path(), .settings = {"server.workers=5"}});
  ::unsetenv("GATEHOUSE__SERVER__PORT_OFFSET");
  ::unsetenv("GATEHOUSE__SERVER__WORKERS");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->server.hostname, "file");
  EXPECT_EQ(read->server.port_offset, 2);
  EXPECT_EQ(read->server.workers, 5);
  EXPECT_EQ(read->issuer(), "https://file:9445/oauth2/token");
}

TEST(Configuration, PrintedTomlReadsBackTheSame) {
  const Result<Configuration> first =
      read_configuration({.file = "",
                          .settings = {"server.profile=gateway,traffic-manager",
                                       "cluster.secret_file=s", "log.access=a\"b"}});
  ASSERT_TRUE(first) << first.error().message;
  const File file(to_toml(*first));
  const Result<Configuration> second = read_configuration({.file = file.path(), .settings = {}});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(to_toml(*first), to_toml(*second));
}

TEST(Configuration, BothKeyCachesAreRefusedUnlessAllowed) {
  EXPECT_FALSE(read_configuration({.file = "", .settings = {"key_manager.key_cache=true"}}));
  EXPECT_TRUE(read_configuration(
      {.file = "",
       .settings = {"key_manager.key_cache=true", "key_manager.allow_both_caches=true"}}));
  EXPECT_TRUE(read_configuration(
      {.file = "", .settings = {"key_manager.key_cache=true", "gateway.key_cache=false"}}));
}

struct SettingsCase {
  const char* name;
  std::vector<std::string> settings;
  const char* refused_for;  // a key; empty: taken
};

class Settings : public ::testing::TestWithParam<SettingsCase> {};

TEST_P(Settings, AreTakenOrRefusedForAKey) {
  const auto read = read_configuration({.file = "", .settings = GetParam().settings});
  const std::string key = GetParam().refused_for;
  EXPECT_EQ(read.has_value(), key.empty());
  if (!read) {
    EXPECT_NE(read.error().message.find(key), std::string::npos) << read.error().message;
  }
}

// The bus is local, or servers with what they ask for.
INSTANTIATE_TEST_SUITE_P(
    Bus, Settings,
    ::testing::Values(
        SettingsCase{"local", {"bus.url=local"}, ""},
        SettingsCase{"one_server", {"bus.url=nats://bus1:4222"}, ""},
        SettingsCase{"three_servers", {"bus.url=tls://a:4222, tls://b:4222,tls://c:4222"}, ""},
        SettingsCase{"user", {"bus.url=nats://a:1", "bus.user=gw", "bus.password_file=x"}, ""},
        SettingsCase{"no_servers", {"bus.url="}, "bus.url"},
        SettingsCase{"a_hole", {"bus.url=nats://a:1,,nats://b:1"}, "bus.url"},
        SettingsCase{"no_port", {"bus.url=nats://a"}, "bus.url"},
        SettingsCase{"user_in_the_url", {"bus.url=nats://u@a:1"}, "bus.url"},
        SettingsCase{"user_without_password", {"bus.user=gw"}, "bus.password_file"},
        SettingsCase{"certificate_without_key", {"bus.certificate=x"}, "bus.key"},
        SettingsCase{"name_with_a_dot", {"bus.name=a.b"}, "bus.name"},
        SettingsCase{"name_for_all", {"bus.name=*"}, "bus.name"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Configuration, MailInTheClearStaysOnTheMachine) {
  const auto taken = [](const std::string& host) {
    return read_configuration(
               {.file = "",
                .settings = {"mail.host=" + host, "mail.from=a@example.com", "mail.security=none"}})
        .has_value();
  };
  for (const char* host : {"localhost", "127.0.0.9", "::1"}) EXPECT_TRUE(taken(host)) << host;
  for (const char* host : {"mail.example.com", "127.mail.example.com", "10.0.0.1"}) {
    EXPECT_FALSE(taken(host)) << host;
  }
}

// Certificates count only from named authorities and of named nodes.
INSTANTIATE_TEST_SUITE_P(
    Nodes, Settings,
    ::testing::Values(
        SettingsCase{"secret", {"cluster.accept=secret"}, ""},
        SettingsCase{"both",
                     {"cluster.accept=secret,certificate", "cluster.ca=ca.pem",
                      "cluster.node_names=gw.example"},
                     ""},
        SettingsCase{"no_authority",
                     {"cluster.accept=certificate", "cluster.node_names=gw.example"},
                     "cluster.ca"},
        SettingsCase{
            "no_names", {"cluster.accept=certificate", "cluster.ca=ca.pem"}, "cluster.node_names"},
        SettingsCase{"unknown_proof", {"cluster.accept=trust"}, "cluster.accept"},
        SettingsCase{"certificate_without_key", {"cluster.certificate=a.crt"}, "cluster.key"},
        SettingsCase{"key_without_certificate", {"cluster.key=a.key"}, "cluster.certificate"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Configuration, ReferencePageIsUpToDate) {
  std::ifstream page(GATEHOUSE_SOURCE_DIR "/docs/configuration.md");
  std::ostringstream text;
  text << page.rdbuf();
  EXPECT_EQ(text.str(), configuration_reference())
      << "run: build/release/gatehouse print-config --reference > docs/configuration.md";
}

}  // namespace
}  // namespace gatehouse::app
