// SPDX-License-Identifier: Apache-2.0
//
// Where gateways stand, by their own word: a row for each, and a row for each number that one was
// seen at first, for as long as the change log is kept. They serve all tenants.
//
// Thread:  one transaction.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/change.h"
#include "storage/database.h"

namespace gatehouse::storage {

struct GatewayStand {
  std::string node;
  std::vector<std::string> environments;
  std::uint64_t number = 0;
  Instant reached_at{};  // when it was seen at this number first
  Instant seen_at{};
};

class GatewayStore {
 public:
  static constexpr std::int64_t gateways_max = 1'000;
  // Heard of no longer ago, a gateway is live.
  static constexpr std::chrono::seconds live_max{45};

  explicit GatewayStore(Transaction& transaction) : transaction_(transaction) {}

  Result<> put(const GatewayStand& stand);

  // Those seen since, by name. With `number`: reached_at is when it stood there or beyond, the
  // epoch if it has not yet.
  Result<std::vector<GatewayStand>> seen_since(Instant since, std::uint64_t number) const;

  // The change by which the API was deployed at `deployed_at`; 0, when the log has it no more.
  Result<std::uint64_t> deployed_by(model::TenantNumber tenant, std::string_view api_id,
                                    Instant deployed_at) const;

  // What was seen last before `until`.
  Result<> forget(Instant until);

 private:
  Transaction& transaction_;
};

}  // namespace gatehouse::storage
