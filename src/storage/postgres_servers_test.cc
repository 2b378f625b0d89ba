// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_servers.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fstream>

#include "core/log.h"
#include "core/test_folder.h"
#include "storage/change_log.h"
#include "storage/test_postgres.h"

namespace gatehouse::storage {
namespace {

// Takes connections and says nothing, as a machine that has frozen.
class SilentServer {
 public:
  SilentServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    GH_ASSERT(::bind(listener_, generic, size) == 0 && ::listen(listener_, 16) == 0);
    GH_ASSERT(::getsockname(listener_, generic, &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { ::close(listener_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  int listener_;
  std::uint16_t port_ = 0;
};

class PostgresServersTest : public ::testing::Test {
 protected:
  void SetUp() override { set_log_level(LogLevel::error); }

  static PostgresUrl good() { return *PostgresUrl::parse(TestPostgres::instance().url()); }
  // The timeline that the test's server writes.
  static PostgresTimeline timeline() {
    PostgresServers servers(good(), "");
    return (*servers.connect())->timeline();
  }
  std::filesystem::path memory() const { return folder_.path() / "api_manager.timeline"; }
  void remember(const PostgresTimeline& timeline) const {
    std::ofstream(memory()) << timeline.system << ' ' << timeline.number << '\n';
  }
  std::string remembered() const {
    std::ifstream file(memory());
    std::string line;
    std::getline(file, line);
    return line;
  }

  const TestFolder folder_;
};

TEST_F(PostgresServersTest, ServersTellTheirTimeline) {
  EXPECT_NE(timeline().system, 0);
  EXPECT_EQ(timeline().number, 1U);
}

TEST_F(PostgresServersTest, ASilentServerKeepsNobodyWaiting) {
  const SilentServer silent;
  const std::string socket =
      percent_encode(TestPostgres::instance().socket().parent_path().string());
  const std::string url = fmt::format(
      "postgres://gatehouse@127.0.0.1:{0},{1}:5432,127.0.0.1:{0}/postgres", silent.port(), socket);
  PostgresServers servers(*PostgresUrl::parse(url), "");
  const Tick begin = std::chrono::steady_clock::now();
  const auto connected = servers.connect();
  ASSERT_TRUE(connected) << connected.error().detail;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  // From now on only this one is asked.
  const Tick again = std::chrono::steady_clock::now();
  EXPECT_TRUE(servers.connect());
  EXPECT_LT(std::chrono::steady_clock::now() - again, dial_grace_accepted);
}

TEST_F(PostgresServersTest, OnlySilentServersAreAwayInTime) {
  const SilentServer silent;
  PostgresServers servers(
      *PostgresUrl::parse(fmt::format(
          "postgres://gatehouse@127.0.0.1:{0},127.0.0.1:{0}/x?connect_timeout=1", silent.port())),
      "");
  const Tick begin = std::chrono::steady_clock::now();
  const auto connected = servers.connect();
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, ErrorCode::unavailable);
  EXPECT_NE(connected.error().detail.find("no answer in time"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

TEST_F(PostgresServersTest, AFormerPrimaryIsLeftAlone) {
  const PostgresTimeline now = timeline();
  remember({now.system, now.number + 1});
  PostgresServers servers(good(), memory());
  const auto connected = servers.connect();
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, ErrorCode::unavailable);
  EXPECT_NE(connected.error().detail.find("a former primary"), std::string::npos);
  EXPECT_NE(connected.error().detail.find(memory().string()), std::string::npos);
}

TEST_F(PostgresServersTest, TheHighestTimelineIsRemembered) {
  const PostgresTimeline now = timeline();
  PostgresServers servers(good(), memory());
  ASSERT_TRUE(servers.connect());
  EXPECT_EQ(remembered(), fmt::format("{} {}", now.system, now.number));
}

// As after a restore of dumps into a server that was made anew.
TEST_F(PostgresServersTest, AnotherClusterIsTakenAtTheStart) {
  const PostgresTimeline now = timeline();
  remember({now.system + 1, now.number + 7});
  PostgresServers servers(good(), memory());
  ASSERT_TRUE(servers.connect());
  EXPECT_EQ(remembered(), fmt::format("{} {}", now.system, now.number));
}

TEST(ChangeNumbers, OfALaterTimelineAreHigher) {
  EXPECT_EQ(first_number_of(0), 0U);
  EXPECT_EQ(first_number_of(1), 0U);
  EXPECT_GT(first_number_of(2), std::uint64_t{1} << 32U);
  EXPECT_GT(first_number_of(3), first_number_of(2));
  EXPECT_LT(first_number_of(8'000), std::uint64_t{1} << 53U);  // what JSON keeps of a number
}

}  // namespace
}  // namespace gatehouse::storage
