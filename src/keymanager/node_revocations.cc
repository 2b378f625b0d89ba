// SPDX-License-Identifier: Apache-2.0
#include "keymanager/node_revocations.h"

#include "storage/apis/node_store.h"

namespace gatehouse::keymanager {

Result<> NodeRevocations::load(storage::Database& api_manager) {
  GH_TRY(revoked, api_manager.read([](storage::Transaction& transaction) {
    return storage::NodeStore(transaction).revoked();
  }));
  std::unordered_map<std::string, std::uint64_t> least;
  for (storage::RevokedNode& node : revoked) least.emplace(std::move(node.name), node.serial_min);
  const std::lock_guard lock(mutex_);
  least_ = std::move(least);
  return {};
}

bool NodeRevocations::revokes(const NodePass& pass) const {
  const std::lock_guard lock(mutex_);
  const auto found = least_.find(pass.node.name);
  return found != least_.end() && pass.serial < found->second;
}

}  // namespace gatehouse::keymanager
