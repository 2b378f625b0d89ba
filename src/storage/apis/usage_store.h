// SPDX-License-Identifier: Apache-2.0
//
// Usage by minute: tables am_usage and am_usage_batch.
//
// Gateways send batches that carry their node and a rising sequence; a batch that was stored before
// is recognised and dropped, so a gateway may send it again until it hears an answer.
//
// Thread:  one transaction.
#pragma once

#include <array>

#include "core/metrics.h"
#include "storage/apis/stored.h"

namespace gatehouse::storage {

using LatencyCounts = std::array<std::uint64_t, Histogram::bucket_count>;

struct UsageKey {
  Instant minute{};
  std::string api_id;
  std::string resource;
  std::string application_id;
  std::string key_type;
  std::int64_t status_class = 2;  // 2 to 5
  std::int64_t fault_code = 0;

  auto operator<=>(const UsageKey&) const = default;
};

struct UsageRow {
  UsageKey key;
  std::int64_t count = 0;
  std::int64_t request_bytes = 0;
  std::int64_t response_bytes = 0;
  LatencyCounts latency{};
  LatencyCounts backend_latency{};
};

// Every condition must hold; an empty one holds always.
struct UsageQuery {
  Instant from{};
  Instant to{};             // not included
  std::string provider_id;  // of the API
  std::string owner_id;     // of the application
  std::string api_id;
  std::string application_id;
};

inline constexpr std::int64_t usage_rows_max = 200'000;  // of one answer

// Notes the batch. Returns false when this sequence of the node, or a later one, was noted before.
Result<bool> accept_usage_batch(Transaction& transaction, std::string_view node,
                                std::int64_t sequence);

class UsageStore {
 public:
  UsageStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Adds to what the minute has already.
  Result<> add(const UsageRow& usage);
  // In the order of the minute. Error: exhausted, when there are more than usage_rows_max.
  Result<std::vector<UsageRow>> list(const UsageQuery& query) const;

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
