// SPDX-License-Identifier: Apache-2.0
//
// What is PostgreSQL's own: connections that break, a server that goes away and comes back, commits
// without an answer, writers that wait for their turn.
#include "storage/postgres_database.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "storage/change_log.h"
#include "storage/migration.h"
#include "storage/test_databases.h"

namespace gatehouse::storage {
namespace {

// Stands between client and server; once, it cuts the connection at a word of the client's.
class CuttingRelay {
 public:
  // Whether the server still hears the word.
  enum class Cut : std::uint8_t { before, after };

  explicit CuttingRelay(std::filesystem::path server) : server_(std::move(server)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    GH_ASSERT(::bind(listener_, generic, size) == 0 && ::listen(listener_, 16) == 0);
    GH_ASSERT(::getsockname(listener_, generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { accept_all(); });
  }
  ~CuttingRelay() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    pairs_.clear();
    ::close(listener_);
  }

  std::uint16_t port() const { return port_; }
  void cut_at(std::string word, Cut cut) {
    const std::lock_guard lock(mutex_);
    word_ = std::move(word);
    cut_ = cut;
  }

 private:
  void accept_all() {
    for (int client = 0; (client = ::accept(listener_, nullptr, nullptr)) >= 0;) {
      const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      std::strncpy(address.sun_path, server_.c_str(), sizeof(address.sun_path) - 1);
      GH_ASSERT(::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
      pairs_.emplace_back([this, client, server] { carry(client, server); });
    }
  }
  // The first byte of an answer says that the server has done what it heard.
  bool is_cut(std::string_view said, int server) {
    const std::lock_guard lock(mutex_);
    if (word_.empty() || said.find(word_) == said.npos) return false;
    word_.clear();
    char byte = 0;
    if (cut_ == Cut::after) {
      send_all(server, said);
      GH_ASSERT(::recv(server, &byte, 1, 0) == 1);
    }
    return true;
  }
  static void send_all(int to, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void carry(int client, int server) {
    std::array<char, 65'536> buffer{};
    std::array<pollfd, 2> ends{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    for (bool open = true; open && ::poll(ends.data(), ends.size(), -1) > 0;) {
      for (const std::size_t from : {0U, 1U}) {
        if (ends[from].revents == 0 || !open) continue;
        const ssize_t got = ::recv(ends[from].fd, buffer.data(), buffer.size(), 0);
        const std::string_view bytes(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
        open = got > 0 && (from == 1 || !is_cut(bytes, server));
        if (open) send_all(ends[1 - from].fd, bytes);
      }
    }
    ::close(client);
    ::close(server);
  }

  const std::filesystem::path server_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::string word_;
  Cut cut_ = Cut::before;
  std::vector<std::jthread> pairs_;
  std::jthread thread_;
};

class Postgres : public ::testing::Test {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::error);
    schema_ = TestPostgres::instance().make_schema();
    database_ = open(schema_);
    ASSERT_TRUE(migrate(*database_, api_manager_migrations, clock_));
    ASSERT_TRUE(database_->write([](Transaction& transaction) -> Result<> {
      GH_CHECK(transaction.execute("CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY)"));
      return begin_history(transaction, "tag");
    }));
  }

  std::unique_ptr<PostgresDatabase> open(const std::string& url, std::size_t connections = 16) {
    WriteOptions options{clock_, nullptr, WriteOptions::ChangeLog::kept};
    auto opened = PostgresDatabase::open({*PostgresUrl::parse(url), connections}, options);
    if (!opened) assertion_failed(opened.error().detail.c_str(), __FILE__, __LINE__);
    return *std::move(opened);
  }
  // The same tables, seen through `relay`.
  std::unique_ptr<PostgresDatabase> open(const CuttingRelay& relay) {
    return open(fmt::format("postgres://gatehouse@127.0.0.1:{}/postgres{}", relay.port(),
                            schema_.substr(schema_.find('?'))),
                2);
  }
  static Result<std::int64_t> insert(Transaction& transaction, std::int64_t id) {
    return transaction.execute("INSERT INTO t (id) VALUES ($1)", id);
  }
  std::int64_t count() {
    const auto row = database_->read(
        [](Transaction& transaction) { return transaction.query_one("SELECT COUNT(*) FROM t"); });
    return row ? (*row)->number(0) : -1;
  }

  const SystemClock clock_;
  std::string schema_;
  std::unique_ptr<PostgresDatabase> database_;
};

TEST_F(Postgres, AWriteWhoseConnectionBreaksBeforeItsCommitRunsAgain) {
  CuttingRelay relay(TestPostgres::instance().socket());
  for (const auto cut : {CuttingRelay::Cut::before, CuttingRelay::Cut::after}) {
    const auto through = open(relay);  // where the statement is not prepared yet, so sent as text
    const std::int64_t before = count();
    relay.cut_at("INSERT INTO t", cut);
    int runs = 0;
    const auto done = through->write([&](Transaction& transaction) {
      ++runs;
      return insert(transaction, before);
    });
    ASSERT_TRUE(done) << done.error().detail;
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(count(), before + 1);
  }
}

TEST_F(Postgres, ACommitWithoutAnAnswerIsNotRepeated) {
  CuttingRelay relay(TestPostgres::instance().socket());
  const auto through = open(relay);
  for (const auto cut : {CuttingRelay::Cut::before, CuttingRelay::Cut::after}) {
    const std::int64_t before = count();
    relay.cut_at("COMMIT", cut);
    int runs = 0;
    const auto done = through->write([&](Transaction& transaction) {
      ++runs;
      return insert(transaction, before);
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::unavailable);
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(count(), before + (cut == CuttingRelay::Cut::after ? 1 : 0));
  }
  EXPECT_TRUE(through->write([](Transaction& transaction) { return insert(transaction, 99); }));
}

TEST_F(Postgres, AReadRunsAgainOnAnotherConnection) {
  CuttingRelay relay(TestPostgres::instance().socket());
  const auto through = open(relay);
  relay.cut_at("SELECT 5", CuttingRelay::Cut::after);
  const auto row =
      through->read([](Transaction& transaction) { return transaction.query_one("SELECT 5"); });
  ASSERT_TRUE(row) << row.error().detail;
  EXPECT_EQ((*row)->number(0), 5);
}

// No write that was answered is lost, and none runs twice, while the server goes down and up.
TEST_F(Postgres, WritesGoOnOverARestart) {
  constexpr int threads = 4;
  std::atomic<bool> over = false;
  std::atomic<int> sure = 0;
  std::atomic<int> unsure = 0;
  std::vector<std::jthread> writers;
  for (int thread = 0; thread < threads; ++thread) {
    writers.emplace_back([&, thread] {
      for (std::int64_t i = 0; !over; ++i) {
        const auto done = database_->write(
            [&](Transaction& transaction) { return insert(transaction, thread * 1'000'000 + i); });
        ++(done ? sure : unsure);
        sure.notify_all();
        EXPECT_TRUE(done || done.error().code == ErrorCode::unavailable) << done.error().detail;
      }
    });
  }
  const auto wait_for_more = [&] {
    for (int seen = sure, until = seen + 50; seen < until; seen = sure) sure.wait(seen);
  };
  wait_for_more();
  TestPostgres::instance().stop();
  TestPostgres::instance().start();
  wait_for_more();
  over = true;
  writers.clear();
  EXPECT_GE(count(), sure);
  EXPECT_LE(count(), sure + unsure);
}

TEST_F(Postgres, AwayForLongAnswersAtOnceAndComesBack) {
  TestPostgres::instance().stop();
  const auto read = [&] {
    return database_->read([](Transaction& transaction) { return transaction.query("SELECT 1"); });
  };
  const Tick begin = clock_.tick();
  const auto first = read();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, ErrorCode::unavailable);
  EXPECT_LT(clock_.tick() - begin, 2 * PostgresPool::away_wait_max);
  const Tick second = clock_.tick();
  EXPECT_FALSE(read());
  EXPECT_LT(clock_.tick() - second, std::chrono::seconds(1));
  TestPostgres::instance().start();
  const Tick deadline = clock_.tick() + PostgresPool::retry_max + std::chrono::seconds(5);
  while (!read()) ASSERT_LT(clock_.tick(), deadline);
}

TEST_F(Postgres, WaitsForAConnectionWhenAllAreLent) {
  const auto narrow = open(schema_, 1);
  std::atomic<bool> inside = false;
  std::jthread other([&] {
    EXPECT_TRUE(narrow->read([&](Transaction& transaction) {
      inside = true;
      inside.notify_one();
      return transaction.query("SELECT pg_sleep(0.05)");
    }));
  });
  inside.wait(false);
  EXPECT_TRUE(narrow->read([](Transaction& transaction) { return transaction.query("SELECT 1"); }));
}

TEST_F(Postgres, ForgetsStatementsWhenThereAreTooMany) {
  for (int i = 0; i < 1'200; ++i) {
    const auto row = database_->read([&](Transaction& transaction) {
      return transaction.query_one(fmt::format("SELECT {} + $1", i), 1);
    });
    ASSERT_TRUE(row) << i << row.error().detail;
    EXPECT_EQ((*row)->number(0), i + 1);
  }
}

TEST_F(Postgres, AStatementThatHangsIsEnded) {
  const auto hung = database_->read([](Transaction& transaction) -> Result<std::vector<Row>> {
    GH_CHECK(transaction.query("SELECT set_config('statement_timeout', '20ms', true)"));
    return transaction.query("SELECT pg_sleep(30)");
  });
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().code, ErrorCode::unavailable);
}

TEST_F(Postgres, TellsWhatIsWrongAtTheStart) {
  std::string url = TestPostgres::instance().url();
  url.replace(url.rfind("postgres"), 8, "absent");
  const auto opened = PostgresDatabase::open({*PostgresUrl::parse(url, "secret"), 1}, {clock_});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::unavailable);
  EXPECT_NE(opened.error().detail.find("does not exist"), std::string::npos);
  EXPECT_EQ(opened.error().detail.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::storage
