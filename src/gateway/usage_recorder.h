// SPDX-License-Identifier: Apache-2.0
//
// Counts what one worker has served, by resource, application and outcome.
//
// A request adds to a row that exists already in all but the first case; names are kept in the row,
// so nothing is looked up when rows are sent. Each row belongs to one minute.
//
// Thread:  belongs to one event loop.
// Memory:  at most `rows_max` rows of about 500 bytes; calls beyond them are counted under no
//          application, then not at all, and `lost` says how many.
// Cost:    one probe; a new row allocates.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/json.h"
#include "core/metrics.h"
#include "gateway/api.h"
#include "gateway/known.h"

namespace gatehouse::gateway {

// One call, as it ended.
struct Call {
  const Api* api = nullptr;
  const Operation* operation = nullptr;      // null: none matched
  const Application* application = nullptr;  // null: nobody was known
  model::KeyType key_type = model::KeyType::production;
  int status = 0;
  std::uint32_t fault_code = 0;
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
  std::chrono::nanoseconds latency{0};
  std::chrono::nanoseconds backend_latency{0};
  Instant now{};
};

class UsageRecorder {
 public:
  static constexpr std::size_t rows_max = 20'000;

  void add(const Call& call);

  // The rows that counted something since the last call, as the feed's endpoint takes them. Rows of
  // a minute that has passed are forgotten.
  json::array take(Instant now);

  std::uint64_t lost() const { return lost_; }

 private:
  using Buckets = std::array<std::uint32_t, Histogram::bucket_count>;

  struct Key {
    std::uint32_t operation = 0;
    std::uint32_t application = 0;
    std::uint32_t fault_code = 0;
    std::uint32_t minute = 0;
    std::uint8_t status_class = 0;
    model::KeyType key_type = model::KeyType::production;
    std::uint64_t api_hash = 0;  // tells calls apart that match no operation

    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Row {
    model::TenantNumber tenant = model::first_tenant;
    std::string api_id;
    std::string resource;
    std::string application_id;
    std::uint64_t count = 0;
    std::uint64_t request_bytes = 0;
    std::uint64_t response_bytes = 0;
    Buckets latency{};
    Buckets backend_latency{};
  };

  Row* row_of(const Call& call);
  static json::object to_row(const Key& key, const Row& row);

  boost::unordered_flat_map<Key, std::unique_ptr<Row>, KeyHash> rows_;
  std::uint64_t lost_ = 0;
};

}  // namespace gatehouse::gateway
