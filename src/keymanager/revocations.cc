// SPDX-License-Identifier: Apache-2.0
#include "keymanager/revocations.h"

#include <algorithm>
#include <map>

#include "keymanager/lifetime.h"
#include "storage/apis/revocation_store.h"
#include "storage/apis/sign_on_removal.h"
#include "storage/apis/token_store.h"

namespace gatehouse::keymanager {

namespace {

using storage::Transaction;

Result<> remove_tokens(Transaction& transaction,
                       const std::vector<model::Revocation>& revocations) {
  storage::TokenStore tokens(transaction);
  std::map<model::TenantNumber, std::vector<std::string>> families;
  for (const model::Revocation& revocation : revocations) {
    if (revocation.kind == "family") {
      families[revocation.tenant].push_back(revocation.value);
    } else if (revocation.kind == "client") {
      GH_CHECK(storage::remove_sign_on_of_client(transaction, revocation.tenant, revocation.value));
      tokens.remove_of_client(revocation.tenant, revocation.value);
    } else if (revocation.kind == "user_client") {
      const std::size_t space = revocation.value.find(' ');
      const storage::UserAtClient pair{revocation.tenant, revocation.value.substr(0, space),
                                       revocation.value.substr(space + 1)};
      GH_CHECK(storage::remove_sign_on_of(transaction, pair));
      tokens.remove_of(pair);
    } else if (revocation.kind == "user") {
      GH_CHECK(storage::remove_sign_on_of_user(transaction, revocation.tenant, revocation.value));
      tokens.remove_of_user(revocation.tenant, revocation.value);
    }
  }
  for (const auto& [tenant, values] : families) tokens.remove_families(tenant, values);
  return {};
}

}  // namespace

Revocations::Revocations(const Resources& resources)
    : apis_(resources.apis), bus_(resources.bus), clock_(resources.clock) {}

Revocations::Waiting Revocations::family_of(const storage::Client& client,
                                            std::string family) const {
  const Instant now = clock_.now();
  return {.revocation = {.tenant = client.tenant,
                         .kind = "family",
                         .value = std::move(family),
                         .issued_before = now,
                         .expires_at = now + longest_access_lifetime(client)}};
}

Result<> Revocations::revoke_family(const storage::Client& client, std::string family) {
  return add(family_of(client, std::move(family)));
}

std::vector<Result<>> Revocations::revoke_families(const std::vector<Family>& families) {
  std::vector<Waiting> waiting;
  for (const Family& each : families) waiting.push_back(family_of(each.client, each.family));
  add_all(waiting);
  std::vector<Result<>> results;
  for (Waiting& each : waiting) results.push_back(std::move(each.result));
  return results;
}

Result<> Revocations::revoke_client(const storage::Client& client, Also also) {
  const Instant now = clock_.now();
  return add({.revocation = {.tenant = client.tenant,
                             .kind = "client",
                             .value = client.client_id,
                             .issued_before = now,
                             .expires_at = now + longest_access_lifetime(client)},
              .also = std::move(also)});
}

Result<> Revocations::revoke_user(model::TenantNumber tenant, std::string user_id) {
  const Instant now = clock_.now();
  return add({.revocation = {.tenant = tenant,
                             .kind = "user",
                             .value = std::move(user_id),
                             .issued_before = now,
                             .expires_at = now + storage::token_life_max}});
}

Result<> Revocations::revoke_user_client(const storage::Client& client, const std::string& user_id,
                                         Also also) {
  const Instant now = clock_.now();
  return add({.revocation = {.tenant = client.tenant,
                             .kind = "user_client",
                             .value = model::user_and_client(user_id, client.client_id),
                             .issued_before = now,
                             .expires_at = now + longest_access_lifetime(client)},
              .also = std::move(also)});
}

Result<> Revocations::announce_user(model::TenantNumber tenant, std::string user_id) {
  // Nobody remembers a validation for longer than a day without asking again.
  const Instant now = clock_.now();
  return add({.revocation = {.tenant = tenant,
                             .kind = "user_changed",
                             .value = std::move(user_id),
                             .issued_before = now,
                             .expires_at = now + std::chrono::hours(24)}});
}

Result<> Revocations::announce_tenant(model::TenantNumber tenant) {
  const Instant now = clock_.now();
  return add({.revocation = {.tenant = tenant,
                             .kind = "tenant_changed",
                             .value = std::to_string(tenant),
                             .issued_before = now,
                             .expires_at = now + std::chrono::hours(24)}});
}

Result<> Revocations::add(Waiting waiting) {
  std::vector<Waiting> only;
  only.push_back(std::move(waiting));
  add_all(only);
  return std::move(only.front().result);
}

void Revocations::add_all(std::vector<Waiting>& waiting) {
  if (waiting.empty()) return;
  std::unique_lock lock(mutex_);
  for (Waiting& each : waiting) queue_.push_back(&each);
  arrived_.notify_one();
  // They are written in the order of the queue.
  while (!waiting.back().done) {
    if (writing_) {
      turn_.wait(lock);
      continue;
    }
    writing_ = true;
    const Batch batch = take_batch(lock);
    lock.unlock();
    write(batch);
    lock.lock();
    writing_ = false;
    for (Waiting* const each : batch) each->done = true;
    turn_.notify_all();
  }
}

Revocations::Batch Revocations::take_batch(std::unique_lock<std::mutex>& lock) {
  arrived_.wait_for(lock, companions_wait_max, [&] { return queue_.size() >= companions_; });
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(std::min(queue_.size(), batch_max));
  Batch batch(queue_.begin(), end);
  queue_.erase(queue_.begin(), end);
  companions_ = batch.size();
  return batch;
}

void Revocations::write(const Batch& batch) {
  const Result<> together = write_together(batch);
  // What the database did not take, or may have taken, is not written again.
  const bool again =
      !together && batch.size() > 1 && together.error().code != ErrorCode::unavailable;
  for (Waiting* const each : batch) {
    each->result = again ? write_together({each}) : together;
  }
}

Result<> Revocations::write_together(const Batch& batch) {
  std::vector<model::Revocation> revocations;
  for (const Waiting* waiting : batch) revocations.push_back(waiting->revocation);
  Result<> written = apis_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(remove_tokens(transaction, revocations));
    for (const Waiting* waiting : batch) {
      if (waiting->also) GH_CHECK(waiting->also(transaction));
    }
    // The counter is taken last, so nobody waits while holding it.
    return storage::RevocationStore(transaction).append(revocations);
  });
  if (!written) return written;
  for (const model::Revocation& revocation : revocations) {
    bus_.publish(bus::subject_revocations, json::serialize(model::to_json(revocation)));
  }
  return {};
}

}  // namespace gatehouse::keymanager
