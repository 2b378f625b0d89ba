// SPDX-License-Identifier: Apache-2.0
//
// Keeps the key sets of other servers up to date: gateways never fetch, they read keys in the feed.
//
// Each server is asked once in `interval` on threads that serve nothing else; a silent one holds
// one of them until its deadline. What cannot be read leaves the keys as they are.
//
// Thread:  refresh: one at a time; the rest is inside.
// Cost:    one read of the database for each refresh; a write only when keys have changed.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>

#include "keymanager/foreign/provider_reader.h"
#include "keymanager/options.h"
#include "storage/apis/key_manager_store.h"

namespace gatehouse::keymanager {

class ProviderKeys {
 public:
  static constexpr std::chrono::seconds interval{60};

  ProviderKeys(const Resources& resources, const ProviderReader& reader);
  ~ProviderKeys();
  ProviderKeys(const ProviderKeys&) = delete;
  ProviderKeys& operator=(const ProviderKeys&) = delete;

  // Asks those whose time has come, and does not wait for them.
  Result<> refresh();
  // Returns when nobody is being asked; for tests.
  void wait();

 private:
  struct State {
    Instant next{};
    bool running = false;
  };

  bool begin(const std::string& id);
  void end(const std::string& id);
  void read(const storage::KeyManagerRow& row);

  storage::Database& apis_;
  const Clock& clock_;
  const ProviderReader& reader_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::map<std::string, State> states_;  // guarded by mutex_
  net::Pool pool_;
};

}  // namespace gatehouse::keymanager
