// SPDX-License-Identifier: Apache-2.0
//
// Takes tokens back: deletes their rows, writes the revocation that gateways read, and tells it on
// the bus once it is durable. Row, number and revocation commit together.
//
// Writers share transactions: whoever comes first writes for all who wait (at most `batch_max`),
// and under load waits until as many have come as were in the last batch, but not longer than
// `companions_wait_max`: callers that were answered together meet again in the next one. So a crowd
// of revocations costs few commits and a single one waits for nobody. Each fails alone: what a
// shared transaction refuses is written again in one of its own.
//
// Thread:  pool threads; one mutex guards the queue, never held while writing (docs/locks.md).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>

#include "keymanager/options.h"
#include "model/snapshot.h"
#include "storage/apis/client_store.h"

namespace gatehouse::keymanager {

class Revocations {
 public:
  static constexpr std::size_t batch_max = 256;
  static constexpr std::chrono::milliseconds companions_wait_max{2};
  // What else commits with a revocation.
  using Also = std::function<Result<>(storage::Transaction&)>;

  struct Family {
    const storage::Client& client;
    std::string family;
  };

  explicit Revocations(const Resources& resources);

  // Each returns once the revocation is durable and told.
  Result<> revoke_family(const storage::Client& client, std::string family);
  // In their order; together they cost little more than one.
  std::vector<Result<>> revoke_families(const std::vector<Family>& families);
  Result<> revoke_client(const storage::Client& client, Also also);
  Result<> revoke_user(model::TenantNumber tenant, std::string user_id);
  // What the client holds for the user: his consent, and with it every token, also those that are
  // stored nowhere.
  Result<> revoke_user_client(const storage::Client& client, const std::string& user_id, Also also);
  // Takes no token back: whoever remembers the user's roles or scopes asks again.
  Result<> announce_user(model::TenantNumber tenant, std::string user_id);
  // The same for everybody of a tenant: what its roles may do has changed.
  Result<> announce_tenant(model::TenantNumber tenant);

 private:
  struct Waiting {
    model::Revocation revocation;
    Also also{};
    Result<> result{};
    bool done = false;
  };

  using Batch = std::vector<Waiting*>;

  Waiting family_of(const storage::Client& client, std::string family) const;
  Result<> add(Waiting waiting);
  void add_all(std::vector<Waiting>& waiting);
  Batch take_batch(std::unique_lock<std::mutex>& lock);
  void write(const Batch& batch);
  Result<> write_together(const Batch& batch);

  storage::Database& apis_;
  bus::Bus& bus_;
  const Clock& clock_;

  std::mutex mutex_;
  std::condition_variable turn_;
  std::condition_variable arrived_;  // told to the one who gathers
  // Guarded by mutex_.
  std::deque<Waiting*> queue_;
  bool writing_ = false;        // somebody gathers or writes
  std::size_t companions_ = 1;  // in the last batch
};

}  // namespace gatehouse::keymanager
