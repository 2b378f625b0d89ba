// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/gateway_store.h"

#include "core/text.h"

namespace gatehouse::storage {

namespace {

// Names of environments hold no line feed.
constexpr std::string_view between = "\n";

}  // namespace

Result<> GatewayStore::put(const GatewayStand& stand) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_gateway (node, environments, number, seen_at_ms) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (node) DO UPDATE SET environments = $2, number = $3, seen_at_ms = $4",
      stand.node, join(stand.environments, between), stand.number, stand.seen_at));
  // Another node of the control plane may have seen it there before.
  GH_CHECK(
      transaction_.execute("INSERT INTO am_gateway_step (node, number, at_ms) VALUES ($1, $2, $3) "
                           "ON CONFLICT (node, number) DO NOTHING",
                           stand.node, stand.number, stand.reached_at));
  return {};
}

Result<std::vector<GatewayStand>> GatewayStore::seen_since(Instant since,
                                                           std::uint64_t number) const {
  GH_TRY(rows,
         transaction_.query("SELECT g.node, g.environments, g.number, g.seen_at_ms, "
                            "(SELECT MIN(s.at_ms) FROM am_gateway_step s WHERE s.node = g.node "
                            "AND s.number >= $2) FROM am_gateway g WHERE g.seen_at_ms >= $1 "
                            "ORDER BY g.node LIMIT $3",
                            since, number, gateways_max));
  std::vector<GatewayStand> stands;
  for (const Row& row : rows) {
    GatewayStand stand;
    stand.node = row.text(0);
    for (const std::string_view name : split(row.text(1), between.front())) {
      stand.environments.emplace_back(name);
    }
    stand.number = static_cast<std::uint64_t>(row.number(2));
    stand.seen_at = row.instant(3);
    if (stand.number >= number) stand.reached_at = row.instant(4);
    stands.push_back(std::move(stand));
  }
  return stands;
}

Result<std::uint64_t> GatewayStore::deployed_by(model::TenantNumber tenant, std::string_view api_id,
                                                Instant deployed_at) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT MIN(number) FROM am_change WHERE tenant_id = $1 AND object_id = $2 "
                  "AND kind = 'api' AND created_at_ms >= $3",
                  tenant, api_id, deployed_at));
  return row ? static_cast<std::uint64_t>(row->number(0)) : 0;
}

Result<> GatewayStore::forget(Instant until) {
  GH_CHECK(transaction_.execute("DELETE FROM am_gateway WHERE seen_at_ms < $1", until));
  // The last step of each that is left says since when it stands there.
  GH_CHECK(transaction_.execute(
      "DELETE FROM am_gateway_step WHERE at_ms < $1 AND NOT EXISTS (SELECT 1 FROM am_gateway g "
      "WHERE g.node = am_gateway_step.node AND g.number = am_gateway_step.number)",
      until));
  return {};
}

}  // namespace gatehouse::storage
