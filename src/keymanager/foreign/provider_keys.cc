// SPDX-License-Identifier: Apache-2.0
#include "keymanager/foreign/provider_keys.h"

#include <algorithm>

#include "core/log.h"

namespace gatehouse::keymanager {

namespace {

using storage::KeyManagerRow;
using storage::Transaction;

const json::object* key_set_url(const KeyManagerRow& row) {
  const json::object* certificates = object_at(row.document, "certificates");
  const bool fetched = certificates != nullptr && text_or(*certificates, "type", "") == "JWKS";
  return row.enabled && fetched ? certificates : nullptr;
}

}  // namespace

ProviderKeys::ProviderKeys(const Resources& resources, const ProviderReader& reader)
    : apis_(resources.apis),
      clock_(resources.clock),
      reader_(reader),
      pool_({.name = "key sets", .threads = 4, .queue_max = 1024}) {}

ProviderKeys::~ProviderKeys() { pool_.stop(); }

bool ProviderKeys::begin(const std::string& id) {
  const std::lock_guard lock(mutex_);
  State& state = states_[id];
  if (state.running || state.next > clock_.now()) return false;
  state.running = true;
  state.next = clock_.now() + interval;
  return true;
}

void ProviderKeys::end(const std::string& id) {
  const std::lock_guard lock(mutex_);
  states_[id].running = false;
  idle_.notify_all();
}

Result<> ProviderKeys::refresh() {
  GH_TRY(rows, apis_.read([](Transaction& transaction) {
    return storage::all_key_managers(transaction);
  }));
  for (KeyManagerRow& row : rows) {
    if (key_set_url(row) == nullptr || !begin(row.id)) continue;
    const std::string id = row.id;
    const Result<> queued = pool_.submit([this, row = std::move(row)] {
      read(row);
      end(row.id);
    });
    if (!queued) end(id);
  }
  return {};
}

void ProviderKeys::wait() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] {
    return std::none_of(states_.begin(), states_.end(),
                        [](const auto& state) { return state.second.running; });
  });
}

void ProviderKeys::read(const KeyManagerRow& row) {
  const Result<json::object> keys = reader_.key_set(*key_set_url(row));
  if (!keys) {
    log_warning("Keys of {}: {} {}", row.name, keys.error().message, keys.error().detail);
    return;
  }
  if (*keys == row.key_set) return;
  const Result<> written = apis_.write([&](Transaction& transaction) -> Result<> {
    storage::KeyManagerStore store(transaction, row.tenant);
    GH_TRY(present, store.find(row.id));
    // Somebody has pointed it elsewhere meanwhile: these keys are not his.
    if (present.version != row.version) return {};
    GH_TRY(changed, store.set_keys(row.id, *keys));
    if (changed) transaction.changed({model::ChangeKind::key_manager, row.tenant, row.id, {}, {}});
    return {};
  });
  if (!written) log_warning("Keys of {}: {}", row.name, written.error().message);
}

}  // namespace gatehouse::keymanager
