// SPDX-License-Identifier: Apache-2.0
#include "kill_child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <limits>
#include <thread>

#include "core/log.h"
#include "ledger.h"

extern char** environ;

namespace gatehouse::storage {

namespace {

constexpr std::size_t all_lines = std::numeric_limits<std::size_t>::max();

// One system call per line, so that a line is out whole or not at all.
void acknowledge(const std::string& id) {
  const std::string line = id + "\n";
  GH_ASSERT(::write(STDOUT_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
}

void write_entries(Databases& databases, int threads, int entries,
                   const std::function<void()>& between) {
  const SystemClock clock;
  std::vector<std::jthread> running;
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      for (int i = 0; i < entries; ++i) {
        const LedgerEntry entry{fmt::format("{}-{}", thread, i), 3'000};
        if (perform(databases, entry, clock, between)) acknowledge(entry.id);
      }
    });
  }
}

}  // namespace

int run_child(const std::vector<std::string>& arguments) {
  set_log_level(LogLevel::warning);
  const SystemClock clock;
  SystemRandom random;
  DatabaseOptions options;
  options.data_dir = arguments.at(1);
  const auto databases = Databases::open(options, Access::server, clock, random);
  if (!databases) return 1;
  if (arguments[0] == "writes") {
    write_entries(**databases, 8, 25, [] {});
    return 0;
  }
  std::atomic<int> left = std::stoi(arguments.at(2));
  write_entries(**databases, 4, 1'000, [&] {
    if (--left == 0) ::raise(SIGKILL);
  });
  return 0;
}

Child::Child(const std::vector<std::string>& arguments) {
  std::array<int, 2> ends{};
  GH_ASSERT(::pipe2(ends.data(), O_CLOEXEC) == 0);
  std::vector<std::string> words{"storage_crash_test", "--child"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const int spawned =
      ::posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  GH_ASSERT(spawned == 0);
  ::close(ends[1]);
  output_ = ends[0];
}

Child::~Child() {
  if (process_ > 0) {
    kill();
    wait();
  }
  ::close(output_);
}

bool Child::read_more() {
  std::array<char, 4096> buffer{};
  const ssize_t size = ::read(output_, buffer.data(), buffer.size());
  if (size <= 0) return false;
  for (const char c : std::string_view(buffer.data(), static_cast<std::size_t>(size))) {
    if (c == '\n') {
      lines_.push_back(std::exchange(unfinished_, {}));
    } else {
      unfinished_ += c;
    }
  }
  return true;
}

void Child::read_lines(std::size_t count) {
  while (lines_.size() < count && read_more()) {
  }
}

void Child::kill() { ::kill(process_, SIGKILL); }

int Child::wait() {
  read_lines(all_lines);
  int status = 0;
  GH_ASSERT(::waitpid(process_, &status, 0) == process_);
  process_ = -1;
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace gatehouse::storage
