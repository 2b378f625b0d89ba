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

Result<> Revocations::revoke_family(const storage::Client& client, std::string family) {
  const Instant now = clock_.now();
  return add({.revocation = {.tenant = client.tenant,
                             .kind = "family",
                             .value = std::move(family),
                             .issued_before = now,
                             .expires_at = now + longest_access_lifetime(client)}});
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
                             .expires_at = now + std::chrono::seconds(token_seconds_max)}});
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
  std::unique_lock lock(mutex_);
  queue_.push_back(&waiting);
  while (!waiting.done) {
    if (writing_) {
      turn_.wait(lock);
      continue;
    }
    const auto end =
        queue_.begin() + static_cast<std::ptrdiff_t>(std::min(queue_.size(), batch_max));
    const std::vector<Waiting*> batch(queue_.begin(), end);
    queue_.erase(queue_.begin(), end);
    writing_ = true;
    lock.unlock();
    const Result<> written = write(batch);
    lock.lock();
    writing_ = false;
    for (Waiting* each : batch) {
      each->result = written;
      each->done = true;
    }
    turn_.notify_all();
  }
  return waiting.result;
}

Result<> Revocations::write(const std::vector<Waiting*>& batch) {
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
