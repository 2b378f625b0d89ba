// SPDX-License-Identifier: Apache-2.0
//
// Tells gateways what has been committed, without being asked.
//
// After a commit of this process, the gateways of each set of environments that asked lately hear
// the changes themselves, if they are small (model/hint.h); then everybody hears the number. Four
// times a second it looks whether another process has committed, and tells the number again, so
// that a hint that was lost costs no more than that.
//
// The order of numbers holds whatever commits meanwhile, because nothing is rendered for one
// commit: what is told is the range of the feed from the number that was told last, read in one
// database snapshot together with the number it leads to. A later commit is wholly in a range, or
// not at all.
//
// Thread:  one of its own, which may block, from start() to stop(). committed: any. One mutex
//          (docs/locks.md).
// Source:  docs/feed.md.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "bus/bus.h"
#include "publisher/feed.h"
#include "storage/databases.h"

namespace gatehouse::publisher {

class Announcer {
 public:
  // Everything outlives it. `look_every`: for commits of other processes.
  Announcer(storage::Databases& databases, Feed& feed, bus::Bus& bus,
            std::chrono::milliseconds look_every = std::chrono::milliseconds(250))
      : api_manager_(databases.api_manager()), feed_(feed), bus_(bus), look_every_(look_every) {}
  ~Announcer() { stop(); }
  Announcer(const Announcer&) = delete;
  Announcer& operator=(const Announcer&) = delete;

  // What was committed before is not told.
  Result<> start();
  void stop();
  // This process has committed a change.
  void committed();

 private:
  enum class Whose : std::uint8_t { own, anybodys };

  void run();
  Result<> announce(Whose whose);
  void tell_contents(std::uint64_t from);

  storage::Database& api_manager_;
  Feed& feed_;
  bus::Bus& bus_;
  const std::chrono::milliseconds look_every_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool committed_ = false;  // guarded by mutex_, as is the next
  bool stopping_ = false;

  std::uint64_t told_ = 0;  // owned by the thread: up to here everybody was told
  std::thread thread_;
};

}  // namespace gatehouse::publisher
