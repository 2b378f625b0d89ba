// SPDX-License-Identifier: Apache-2.0
//
// A PostgreSQL server of the test program's own: made at the first use in a temporary folder, run
// as a user without rights, reached by a Unix socket, gone with the program. Tests get a schema
// each.
//
// Thread:  any; stop() and start() while nobody else uses it.
#pragma once

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "core/test_folder.h"
#include "core/text.h"
#include "storage/postgres_servers.h"

namespace gatehouse::storage {

class TestPostgres {
 public:
  static TestPostgres& instance() {
    static TestPostgres server;
    return server;
  }
  TestPostgres(const TestPostgres&) = delete;
  TestPostgres& operator=(const TestPostgres&) = delete;
  ~TestPostgres() { stop(); }

  // The URL of a schema that is new.
  std::string make_schema() {
    const std::string schema = fmt::format("s{}", ++schemas_);
    execute("CREATE SCHEMA " + schema);
    return fmt::format("{}?options=-csearch_path%3D{}", url(), schema);
  }
  std::string url() const {
    return fmt::format("postgres://gatehouse@{}/postgres", percent_encode(folder_.path().string()));
  }
  std::filesystem::path socket() const { return folder_.path() / ".s.PGSQL.5432"; }
  std::filesystem::path tables() const { return folder_.path() / "data" / "base"; }
  void execute(std::string_view sql) {
    PostgresServers server(*PostgresUrl::parse(url()), "");
    auto connection = server.connect();
    GH_ASSERT(connection);
    (*connection)->send(sql, {}, Answer::wanted);
    const auto done = (*connection)->round(std::chrono::steady_clock::now() + patience);
    if (!done) assertion_failed(done.error().detail.c_str(), __FILE__, __LINE__);
  }

  // Ends every transaction and connection; durable is what was committed.
  void stop() {
    if (process_ < 0) return;
    ::kill(process_, SIGINT);
    GH_ASSERT(wait(process_) == 0);
    process_ = -1;
  }
  void start() {
    process_ = spawn({"postgres", "-D", data(), "-k", folder_.path().string(), "-c",
                      "listen_addresses=", "-c", "max_connections=150", "-c", fsync(), "-c",
                      shared_buffers(), "-c", "log_statement=none", "-c",
                      "max_locks_per_transaction=256"});
    const Tick deadline = std::chrono::steady_clock::now() + patience;
    // A server of another program tells of its start by taking connections, and by nothing else.
    while (!PostgresServers(*PostgresUrl::parse(url()), "").connect()) {
      GH_ASSERT(std::chrono::steady_clock::now() < deadline);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

 private:
  static constexpr std::chrono::seconds patience{30};

  TestPostgres() {
    // The server refuses to run as root.
    if (::geteuid() == 0) GH_ASSERT(::chown(folder_.path().c_str(), user()->pw_uid, -1) == 0);
    GH_ASSERT(wait(spawn({"initdb", "-D", data(), "-U", "gatehouse", "-A", "trust", "-E", "UTF8",
                          "--locale=C.UTF-8", "--no-sync", "--no-instructions"})) == 0);
    start();
  }

  static const passwd* user() {
    const passwd* const found = ::getpwnam("nobody");
    GH_ASSERT(found != nullptr);
    return found;
  }
  // Nothing of a test outlives the machine; a benchmark wants to know what it costs.
  static std::string fsync() {
    return std::getenv("GATEHOUSE_TEST_FSYNC") != nullptr ? "fsync=on" : "fsync=off";
  }
  static std::string shared_buffers() {
    return std::getenv("GATEHOUSE_TEST_FSYNC") != nullptr ? "shared_buffers=512MB"
                                                          : "shared_buffers=32MB";
  }
  std::string data() const { return (folder_.path() / "data").string(); }

  static int wait(pid_t process) {
    int status = 0;
    GH_ASSERT(::waitpid(process, &status, 0) == process);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  pid_t spawn(std::vector<std::string> arguments) const {
    // With its path as its name: it looks there for the programs beside it.
    arguments.front().insert(0, "/usr/lib/postgresql/15/bin/");
    const std::string log = (folder_.path() / "log").string();
    const uid_t owner = ::geteuid() == 0 ? user()->pw_uid : ::geteuid();
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    const pid_t process = ::fork();
    GH_ASSERT(process >= 0);
    if (process > 0) return process;
    const bool ready = owner == ::geteuid() || ::setuid(owner) == 0;
    // Not to outlive the tests, however they end.
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    if (ready && ::chdir("/") == 0) ::execv(pointers.front(), pointers.data());
    ::_exit(127);
  }

  const TestFolder folder_{std::filesystem::temp_directory_path()};
  std::atomic<int> schemas_ = 0;
  pid_t process_ = -1;
};

}  // namespace gatehouse::storage
