// SPDX-License-Identifier: Apache-2.0
#include "analytics/usage_intake.h"

#include "core/log.h"
#include "rest/problem.h"
#include "storage/apis/api_key_store.h"

namespace gatehouse::analytics {

namespace {

using storage::LatencyCounts;
using storage::Transaction;
using storage::UsageRow;

struct TenantUsage {
  model::TenantNumber tenant = model::first_tenant;
  UsageRow row;
};

LatencyCounts counts_from(const json::object& object, std::string_view name) {
  LatencyCounts counts{};
  const json::array* list = array_at(object, name);
  if (list == nullptr) return counts;
  for (std::size_t i = 0; i < counts.size() && i < list->size(); ++i) {
    json::error_code code;
    const auto count = (*list)[i].to_number<std::uint64_t>(code);
    if (!code) counts.at(i) = count;
  }
  return counts;
}

std::optional<TenantUsage> usage_from(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return std::nullopt;
  TenantUsage usage;
  usage.tenant = number_or(*object, "tenant", model::first_tenant);
  UsageRow& row = usage.row;
  row.key.minute = from_ms(number_or(*object, "minute_ms", -1));
  row.key.api_id = text_or(*object, "api_id", "");
  row.key.resource = text_or(*object, "resource", "");
  row.key.application_id = text_or(*object, "application_id", "");
  row.key.key_type = text_or(*object, "key_type", "PRODUCTION");
  row.key.status_class = number_or(*object, "status_class", 0);
  row.key.fault_code = number_or(*object, "fault_code", 0);
  row.count = number_or(*object, "count", 0);
  row.request_bytes = number_or(*object, "request_bytes", 0);
  row.response_bytes = number_or(*object, "response_bytes", 0);
  row.latency = counts_from(*object, "latency");
  row.backend_latency = counts_from(*object, "backend_latency");
  const bool sound = to_ms(row.key.minute) >= 0 && !row.key.api_id.empty() && row.count > 0 &&
                     row.request_bytes >= 0 && row.response_bytes >= 0;
  if (!sound) return std::nullopt;
  return usage;
}

// When a key was used; what cannot be read is nobody's.
Result<> store_uses(Transaction& transaction, const json::object& batch) {
  const json::array* uses = array_at(batch, "api_keys");
  for (const json::value& value : uses == nullptr ? json::array() : *uses) {
    const json::object* use = value.if_object();
    if (use == nullptr) continue;
    storage::ApiKeyStore keys(transaction, number_or(*use, "tenant", 0));
    GH_CHECK(keys.used(text_or(*use, "id", ""), from_ms(number_or(*use, "at_ms", 0))));
  }
  return {};
}

}  // namespace

http::Response UsageIntake::handle(const http::Request& request) {
  if (request.method != "POST") return http::make_response(405, "text/plain", "");
  const Result<json::object> batch = parse_json_object(request.body);
  if (!batch) return rest::problem_response(batch.error());
  const std::string said = text_or(*batch, "node", "");
  const Result<> stored =
      store(said.empty() ? std::string() : http::name_of(request.peer, said), *batch);
  if (!stored) return rest::problem_response(stored.error());
  http::Response done;
  done.status = 204;
  return done;
}

Result<> UsageIntake::store(const std::string& node, const json::object& batch) {
  const std::int64_t sequence = number_or(batch, "sequence", -1);
  const json::array* rows = array_at(batch, "rows");
  if (node.empty() || sequence < 0 || rows == nullptr || rows->size() > rows_max) {
    return fail(ErrorCode::invalid_argument, "A batch has 'node', 'sequence' and 'rows'");
  }
  std::vector<TenantUsage> all;
  for (const json::value& value : *rows) {
    std::optional<TenantUsage> usage = usage_from(value);
    if (usage) all.push_back(*std::move(usage));
  }
  if (all.size() < rows->size()) {
    log_warning("Usage of {}: {} rows cannot be read", node, rows->size() - all.size());
  }
  return api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_TRY(fresh, storage::accept_usage_batch(transaction, node, sequence));
    if (!fresh) return {};
    for (const TenantUsage& usage : all) {
      GH_CHECK(storage::UsageStore(transaction, usage.tenant).add(usage.row));
    }
    return store_uses(transaction, batch);
  });
}

}  // namespace gatehouse::analytics
