// SPDX-License-Identifier: Apache-2.0
//
// Takes tokens back: deletes their rows, writes the revocation that gateways read, and tells it on
// the bus once it is durable. Row, number and revocation commit together.
//
// Writers share transactions: whoever comes first writes for all who wait (at most `batch_max`), so
// a crowd of revocations costs few commits and a single one waits for nobody.
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
  // What else commits with a revocation.
  using Also = std::function<Result<>(storage::Transaction&)>;

  explicit Revocations(const Resources& resources);

  // Each returns once the revocation is durable and told.
  Result<> revoke_family(const storage::Client& client, std::string family);
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

  Result<> add(Waiting waiting);
  Result<> write(const std::vector<Waiting*>& batch);

  storage::Database& apis_;
  bus::Bus& bus_;
  const Clock& clock_;

  std::mutex mutex_;
  std::condition_variable turn_;
  std::deque<Waiting*> queue_;  // guarded by mutex_
  bool writing_ = false;        // guarded by mutex_
};

}  // namespace gatehouse::keymanager
