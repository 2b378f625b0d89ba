// SPDX-License-Identifier: Apache-2.0
//
// NATS servers of the test program's own, in temporary folders and on free ports of this machine:
// one, or a cluster of three. Gone with the object.
//
// Thread:  any; kill() and start() while nobody else uses the object.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bus/nats_link.h"
#include "core/random.h"
#include "core/test_folder.h"
#include "core/text.h"

namespace gatehouse::bus {

// Below the ports that Linux gives to clients; GATEHOUSE_PORTS ("first-last") parts test runs.
inline std::uint16_t free_test_port() {
  SystemRandom random;
  const char* const given = std::getenv("GATEHOUSE_PORTS");
  const std::string range = given != nullptr ? given : "10000-32767";
  const auto parts = split(range, '-');
  const std::uint64_t first = *parse_number(parts.at(0));
  const std::uint64_t last = *parse_number(parts.at(1));
  for (;;) {
    const auto port = static_cast<std::uint16_t>(first + random.number() % (last - first + 1));
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    const bool free =
        ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    if (free) return port;
  }
}

class TestNatsServer {
 public:
  enum class JetStream : std::uint8_t { off, on };
  struct Options {
    std::string more;  // lines of its configuration
    JetStream jetstream = JetStream::on;
    std::string host = "127.0.0.1";
    std::string name = "alone";
  };

  TestNatsServer() : TestNatsServer(Options{}) {}
  explicit TestNatsServer(Options options) : options_(std::move(options)) { start(); }
  TestNatsServer(const TestNatsServer&) = delete;
  TestNatsServer& operator=(const TestNatsServer&) = delete;
  ~TestNatsServer() { kill(); }

  std::string url() const { return fmt::format("nats://{}:{}", options_.host, port_); }
  std::uint16_t port() const { return port_; }

  // As a crash: nobody is told.
  void kill() {
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    GH_ASSERT(::waitpid(process_, nullptr, 0) == process_);
    process_ = -1;
  }
  // On the same port, with what it has kept.
  void start() {
    const std::string file = (folder_.path() / "nats.conf").string();
    write(file, fmt::format("listen: {}:{}\nserver_name: {}\n{}\n{}\n", options_.host, port_,
                            options_.name, jetstream(), options_.more));
    spawn(file);
    const Tick deadline = std::chrono::steady_clock::now() + patience;
    // A server of another program tells of its start by taking connections, and by nothing else.
    while (!takes_connections()) {
      GH_ASSERT(std::chrono::steady_clock::now() < deadline);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  // It is there and does nothing, as on a machine that is frozen.
  void freeze() { ::kill(process_, SIGSTOP); }
  void thaw() { ::kill(process_, SIGCONT); }

 private:
  static constexpr std::chrono::seconds patience{30};

  static void write(const std::string& file, const std::string& text) {
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    GH_ASSERT(::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    ::close(descriptor);
  }

  std::string jetstream() const {
    if (options_.jetstream == JetStream::off) return "";
    return fmt::format("jetstream {{ store_dir: \"{}\" }}", (folder_.path() / "kept").string());
  }

  void spawn(const std::string& file) {
    const std::string log = (folder_.path() / "log").string();
    process_ = ::fork();
    GH_ASSERT(process_ >= 0);
    if (process_ > 0) return;
    // Not to outlive the tests, however they end.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execlp("nats-server", "nats-server", "-c", file.c_str(), nullptr);
    ::_exit(127);
  }

  bool takes_connections() const {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    ::inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr);
    const bool taken =
        ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    return taken;
  }

  const Options options_;
  const std::uint16_t port_ = free_test_port();
  const TestFolder folder_;
  pid_t process_ = -1;
};

// Three servers that know each other.
class TestNatsCluster {
 public:
  TestNatsCluster() {
    std::string routes;
    for (std::uint16_t& port : routes_) {
      port = free_test_port();
      routes += fmt::format("{}nats://127.0.0.1:{}", routes.empty() ? "" : ", ", port);
    }
    for (std::size_t i = 0; i < 3; ++i) {
      const std::string more = fmt::format(
          "cluster {{ name: test, listen: 127.0.0.1:{}, routes: [{}] }}", routes_[i], routes);
      servers_[i] = std::make_unique<TestNatsServer>(
          TestNatsServer::Options{.more = more, .name = fmt::format("n{}", i)});
    }
  }
  TestNatsServer& server(std::size_t i) { return *servers_[i]; }
  std::vector<std::string> urls() const {
    return {servers_[0]->url(), servers_[1]->url(), servers_[2]->url()};
  }

 private:
  std::array<std::uint16_t, 3> routes_{};
  std::array<std::unique_ptr<TestNatsServer>, 3> servers_;
};

}  // namespace gatehouse::bus
