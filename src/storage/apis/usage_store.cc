// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/usage_store.h"

namespace gatehouse::storage {

namespace {

std::string to_stored(const LatencyCounts& counts) {
  return json::serialize(json::array(counts.begin(), counts.end()));
}

LatencyCounts stored_counts(std::string_view text) {
  LatencyCounts counts{};
  const auto value = parse_json(text);
  if (!value || !value->is_array()) return counts;
  const json::array& array = value->get_array();
  for (std::size_t i = 0; i < counts.size() && i < array.size(); ++i) {
    json::error_code code;
    counts.at(i) = array[i].to_number<std::uint64_t>(code);
  }
  return counts;
}

void add(LatencyCounts& to, const LatencyCounts& more) {
  for (std::size_t i = 0; i < to.size(); ++i) to.at(i) += more.at(i);
}

UsageRow usage_from(const Row& row) {
  return UsageRow{{row.instant(0), row.text(1), row.text(2), row.text(3), row.text(4),
                   row.number(5), row.number(6)},
                  row.number(7),
                  row.number(8),
                  row.number(9),
                  stored_counts(row.text(10)),
                  stored_counts(row.text(11))};
}

}  // namespace

Result<bool> accept_usage_batch(Transaction& transaction, std::string_view node,
                                std::int64_t sequence) {
  GH_TRY(changed,
         transaction.execute("INSERT INTO am_usage_batch (node, sequence) VALUES ($1, $2) "
                             "ON CONFLICT (node) DO UPDATE SET sequence = excluded.sequence "
                             "WHERE am_usage_batch.sequence < excluded.sequence",
                             node, sequence));
  return changed > 0;
}

Result<> UsageStore::add(const UsageRow& usage) {
  const UsageKey& key = usage.key;
  GH_TRY(row, transaction_.query_one(
                  "SELECT minute_ms, api_id, resource, application_id, key_type, status_class, "
                  "fault_code, count, request_bytes, response_bytes, latency, backend_latency "
                  "FROM am_usage WHERE tenant_id = $1 AND minute_ms = $2 AND api_id = $3 "
                  "AND resource = $4 AND application_id = $5 AND key_type = $6 "
                  "AND status_class = $7 AND fault_code = $8",
                  tenant_, key.minute, key.api_id, key.resource, key.application_id, key.key_type,
                  key.status_class, key.fault_code));
  UsageRow sum = usage;
  if (row) {
    const UsageRow known = usage_from(*row);
    sum.count += known.count;
    sum.request_bytes += known.request_bytes;
    sum.response_bytes += known.response_bytes;
    storage::add(sum.latency, known.latency);
    storage::add(sum.backend_latency, known.backend_latency);
  }
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_usage (tenant_id, minute_ms, api_id, resource, application_id, key_type, "
      "status_class, fault_code, count, request_bytes, response_bytes, latency, backend_latency) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
      "ON CONFLICT (tenant_id, minute_ms, api_id, resource, application_id, key_type, "
      "status_class, fault_code) DO UPDATE SET count = excluded.count, "
      "request_bytes = excluded.request_bytes, response_bytes = excluded.response_bytes, "
      "latency = excluded.latency, backend_latency = excluded.backend_latency",
      tenant_, key.minute, key.api_id, key.resource, key.application_id, key.key_type,
      key.status_class, key.fault_code, sum.count, sum.request_bytes, sum.response_bytes,
      to_stored(sum.latency), to_stored(sum.backend_latency)));
  return {};
}

Result<std::vector<UsageRow>> UsageStore::list(const UsageQuery& query) const {
  GH_TRY(rows, transaction_.query(
                   "SELECT minute_ms, api_id, resource, application_id, key_type, status_class, "
                   "fault_code, count, request_bytes, response_bytes, latency, backend_latency "
                   "FROM am_usage WHERE tenant_id = $1 AND minute_ms >= $2 AND minute_ms < $3 "
                   "AND ($4 = '' OR api_id IN "
                   "(SELECT id FROM am_api WHERE tenant_id = $1 AND provider_id = $4)) "
                   "AND ($5 = '' OR application_id IN "
                   "(SELECT id FROM am_application WHERE tenant_id = $1 AND owner_id = $5)) "
                   "AND ($6 = '' OR api_id = $6) AND ($7 = '' OR application_id = $7) "
                   "ORDER BY minute_ms, api_id, resource, application_id, key_type, status_class, "
                   "fault_code LIMIT $8",
                   tenant_, query.from, query.to, query.provider_id, query.owner_id, query.api_id,
                   query.application_id, usage_rows_max + 1));
  if (std::ssize(rows) > usage_rows_max) {
    return fail(ErrorCode::exhausted, "Too much usage for one answer: ask for a shorter time");
  }
  std::vector<UsageRow> usage;
  usage.reserve(rows.size());
  for (const Row& row : rows) usage.push_back(usage_from(row));
  return usage;
}

}  // namespace gatehouse::storage
