// SPDX-License-Identifier: Apache-2.0
#include "publisher/gateway_roll.h"

#include "core/log.h"

namespace gatehouse::publisher {

void GatewayRoll::note(const std::string& node, const std::vector<std::string>& environments,
                       std::uint64_t number) {
  const Instant now = clock_.now();
  const auto written = due({node, environments, number, now, now});
  if (!written) return;
  const Result<> done = api_manager_.write([&](storage::Transaction& transaction) {
    return storage::GatewayStore(transaction).put(*written);
  });
  if (!done) log_warning("Gateway {}: {} {}", node, done.error().message, done.error().detail);
}

std::optional<storage::GatewayStand> GatewayRoll::due(const storage::GatewayStand& stand) {
  const std::lock_guard lock(mutex_);
  if (noted_.size() >= storage::GatewayStore::gateways_max && !noted_.contains(stand.node)) {
    std::erase_if(noted_, [&](const auto& each) {
      return stand.seen_at - each.second.written_at > live_max;
    });
    if (noted_.size() >= storage::GatewayStore::gateways_max) return std::nullopt;
  }
  Noted& noted = noted_[stand.node];
  const bool moved = noted.stand.number != stand.number;
  const Instant reached_at =
      moved || noted.stand.node.empty() ? stand.seen_at : noted.stand.reached_at;
  noted.stand = stand;
  noted.stand.reached_at = reached_at;
  const auto since = stand.seen_at - noted.written_at;
  const bool news = noted.written_number != stand.number || noted.written_at == Instant{};
  if (since < (news ? step_min : idle_max)) return std::nullopt;
  noted.written_number = stand.number;
  noted.written_at = stand.seen_at;
  return noted.stand;
}

}  // namespace gatehouse::publisher
