// SPDX-License-Identifier: Apache-2.0
#include "gateway/usage_recorder.h"

namespace gatehouse::gateway {

namespace {

std::uint32_t minute_of(Instant instant) {
  return static_cast<std::uint32_t>(to_ms(instant) / 60'000);
}

json::array to_array(const std::array<std::uint32_t, Histogram::bucket_count>& buckets) {
  json::array array;
  array.reserve(buckets.size());
  for (const std::uint32_t count : buckets) array.push_back(count);
  return array;
}

}  // namespace

std::size_t UsageRecorder::KeyHash::operator()(const Key& key) const {
  const std::uint64_t who = std::uint64_t{key.operation} << 32 | key.application;
  const std::uint64_t what = std::uint64_t{key.fault_code} << 32 | std::uint64_t{key.minute} << 8 |
                             std::uint64_t{key.status_class} << 1 |
                             static_cast<std::uint64_t>(key.key_type);
  return hash_of(hash_of(who, what), key.api_hash);
}

UsageRecorder::Row* UsageRecorder::row_of(const Call& call) {
  Key key;
  key.operation = call.operation == nullptr ? 0 : call.operation->number;
  key.application = call.application == nullptr ? 0 : call.application->number;
  key.fault_code = call.fault_code;
  key.minute = minute_of(call.now);
  key.status_class = static_cast<std::uint8_t>(call.status / 100);
  key.key_type = call.key_type;
  key.api_hash = call.api->id_hash;
  if (const auto found = rows_.find(key); found != rows_.end()) return found->second.get();
  if (rows_.size() >= rows_max) return nullptr;
  auto row = std::make_unique<Row>();
  row->tenant = call.api->deployed.tenant;
  row->api_id = call.api->deployed.id;
  if (call.operation != nullptr) {
    row->resource = call.operation->verb + " " + call.operation->target;
  }
  if (call.application != nullptr) row->application_id = call.application->known.id;
  return rows_.emplace(key, std::move(row)).first->second.get();
}

void UsageRecorder::add(const Call& call) {
  Row* row = row_of(call);
  if (row == nullptr && call.application != nullptr) {
    Call anonymous = call;
    anonymous.application = nullptr;
    row = row_of(anonymous);
  }
  if (row == nullptr) {
    ++lost_;
    return;
  }
  ++row->count;
  row->request_bytes += call.request_bytes;
  row->response_bytes += call.response_bytes;
  ++row->latency[duration_bucket(call.latency)];
  if (call.backend_latency.count() > 0) {
    ++row->backend_latency[duration_bucket(call.backend_latency)];
  }
}

json::object UsageRecorder::to_row(const Key& key, const Row& row) {
  return {{"minute_ms", std::int64_t{key.minute} * 60'000},
          {"tenant", row.tenant},
          {"api_id", row.api_id},
          {"resource", row.resource},
          {"application_id", row.application_id},
          {"key_type", std::string(to_text(key.key_type))},
          {"status_class", static_cast<std::int64_t>(key.status_class)},
          {"fault_code", static_cast<std::int64_t>(key.fault_code)},
          {"count", row.count},
          {"request_bytes", row.request_bytes},
          {"response_bytes", row.response_bytes},
          {"latency", to_array(row.latency)},
          {"backend_latency", to_array(row.backend_latency)}};
}

json::array UsageRecorder::take(Instant now) {
  json::array list;
  for (const auto& [key, row] : rows_) {
    if (row->count == 0) continue;
    list.push_back(to_row(key, *row));
    row->count = row->request_bytes = row->response_bytes = 0;
    row->latency = row->backend_latency = Buckets{};
  }
  const std::uint32_t minute = minute_of(now);
  boost::unordered::erase_if(rows_,
                             [minute](const auto& item) { return item.first.minute < minute; });
  return list;
}

}  // namespace gatehouse::gateway
