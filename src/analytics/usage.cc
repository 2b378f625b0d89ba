// SPDX-License-Identifier: Apache-2.0
//
// /usage.
#include <set>

#include "analytics/analytics.h"
#include "analytics/instant_text.h"
#include "analytics/latency.h"
#include "core/text.h"
#include "rest/problems.h"
#include "storage/apis/api_store.h"
#include "storage/apis/application_store.h"

namespace gatehouse::analytics {

namespace {

using storage::Transaction;
using storage::UsageQuery;
using storage::UsageRow;

constexpr std::chrono::hours default_range{24};

// By what the answer is grouped.
struct Grouping {
  bool api = false;
  bool application = false;
  bool resource = false;
  bool key_type = false;
  bool status = false;
  bool fault = false;
  std::chrono::milliseconds step{0};  // of time; 0: not by time
};

Result<Grouping> grouping_from(std::string_view text) {
  Grouping grouping;
  for (const std::string_view part : split(text, ',')) {
    const std::string_view name = trim(part);
    if (name.empty()) continue;
    if (name == "api")
      grouping.api = true;
    else if (name == "application")
      grouping.application = true;
    else if (name == "resource")
      grouping.resource = true;
    else if (name == "keyType")
      grouping.key_type = true;
    else if (name == "status")
      grouping.status = true;
    else if (name == "fault")
      grouping.fault = true;
    else if (name == "minute")
      grouping.step = std::chrono::minutes(1);
    else if (name == "hour")
      grouping.step = std::chrono::hours(1);
    else if (name == "day")
      grouping.step = std::chrono::hours(24);
    else
      return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not a group", name));
  }
  return grouping;
}

// A row's key with what the grouping leaves out made equal.
storage::UsageKey key_of(const UsageRow& row, const Grouping& grouping) {
  storage::UsageKey key;
  if (grouping.step.count() > 0) {
    const std::int64_t ms = to_ms(row.key.minute);
    key.minute = from_ms(ms - ms % grouping.step.count());
  }
  if (grouping.api) key.api_id = row.key.api_id;
  if (grouping.application) key.application_id = row.key.application_id;
  if (grouping.resource) key.resource = row.key.resource;
  if (grouping.key_type) key.key_type = row.key.key_type;
  key.status_class = grouping.status ? row.key.status_class : 0;
  if (grouping.fault) key.fault_code = row.key.fault_code;
  return key;
}

struct Sum {
  UsageRow row;
  std::int64_t errors = 0;
};
using Sums = std::map<storage::UsageKey, Sum>;

void add(Sums& sums, const UsageRow& row, const Grouping& grouping) {
  const storage::UsageKey key = key_of(row, grouping);
  Sum& sum = sums[key];
  sum.row.key = key;
  sum.row.count += row.count;
  sum.row.request_bytes += row.request_bytes;
  sum.row.response_bytes += row.response_bytes;
  if (row.key.status_class >= 4) sum.errors += row.count;
  for (std::size_t i = 0; i < row.latency.size(); ++i) {
    sum.row.latency.at(i) += row.latency.at(i);
    sum.row.backend_latency.at(i) += row.backend_latency.at(i);
  }
}

// What the caller may see: one question for each of the ways to own a call.
Result<std::vector<UsageQuery>> questions_of(const rest::Call& call, Instant now) {
  UsageQuery query;
  const std::string from = call.query_or("from", "");
  const std::string to = call.query_or("to", "");
  query.to = now + std::chrono::minutes(1);
  if (!to.empty()) {
    GH_TRY(instant, parse_instant(to));
    query.to = instant;
  }
  query.from = query.to - default_range;
  if (!from.empty()) {
    GH_TRY(instant, parse_instant(from));
    query.from = instant;
  }
  query.api_id = call.query_or("apiId", "");
  query.application_id = call.query_or("applicationId", "");
  if (call.caller.has_scope("apim:admin")) return std::vector<UsageQuery>{query};
  std::vector<UsageQuery> queries;
  if (call.caller.has_scope("apim:api_view")) {
    queries.push_back(query);
    queries.back().provider_id = call.caller.user_id;
  }
  if (call.caller.has_scope("apim:subscribe")) {
    queries.push_back(query);
    queries.back().owner_id = call.caller.user_id;
  }
  return queries;
}

Result<Sums> sums_of(Transaction& transaction, model::TenantNumber tenant,
                     const std::vector<UsageQuery>& queries, const Grouping& grouping) {
  Sums sums;
  std::set<storage::UsageKey> seen;
  for (const UsageQuery& query : queries) {
    GH_TRY(rows, storage::UsageStore(transaction, tenant).list(query));
    for (const UsageRow& row : rows) {
      // A call of one's own application to one's own API counts once.
      if (queries.size() > 1 && !seen.insert(row.key).second) continue;
      add(sums, row, grouping);
    }
  }
  return sums;
}

double rounded(double ms) {
  return static_cast<double>(static_cast<std::int64_t>(ms * 1'000)) / 1'000;
}

json::object latency_view(const storage::LatencyCounts& counts) {
  json::object view;
  view["mean"] = rounded(mean_ms(counts));
  view["p50"] = rounded(percentile_ms(counts, 0.50));
  view["p95"] = rounded(percentile_ms(counts, 0.95));
  view["p99"] = rounded(percentile_ms(counts, 0.99));
  return view;
}

// Names of what still exists.
Result<> add_names(Transaction& transaction, model::TenantNumber tenant,
                   const storage::UsageKey& key, json::object& view) {
  if (!key.api_id.empty()) {
    const auto api = storage::ApiStore(transaction, tenant).find(key.api_id);
    if (!api && api.error().code != ErrorCode::not_found) {
      return tl::unexpected<Error>(api.error());
    }
    view["apiName"] = api ? api->name : "";
    view["apiVersion"] = api ? api->api_version : "";
  }
  if (!key.application_id.empty()) {
    const auto application =
        storage::ApplicationStore(transaction, tenant).find(key.application_id);
    if (!application && application.error().code != ErrorCode::not_found) {
      return tl::unexpected<Error>(application.error());
    }
    view["applicationName"] = application ? application->name : "";
  }
  return {};
}

json::object usage_view(const Sum& sum, const Grouping& grouping) {
  const storage::UsageKey& key = sum.row.key;
  json::object view;
  if (grouping.step.count() > 0) view["time"] = to_rfc3339(key.minute);
  if (grouping.api) view["apiId"] = key.api_id;
  if (grouping.application) view["applicationId"] = key.application_id;
  if (grouping.resource) view["resource"] = key.resource;
  if (grouping.key_type) view["keyType"] = key.key_type;
  if (grouping.status) view["status"] = fmt::format("{}xx", key.status_class);
  if (grouping.fault) view["fault"] = key.fault_code;
  view["count"] = sum.row.count;
  view["errors"] = sum.errors;
  view["requestBytes"] = sum.row.request_bytes;
  view["responseBytes"] = sum.row.response_bytes;
  view["latencyMs"] = latency_view(sum.row.latency);
  view["backendLatencyMs"] = latency_view(sum.row.backend_latency);
  return view;
}

}  // namespace

Analytics::Analytics(storage::Databases& databases, const Clock& clock)
    : api_manager_(databases.api_manager()), clock_(clock), intake_(databases.api_manager()) {}

void Analytics::mount(rest::Router& router) { router.on("getUsage", this, &Analytics::get_usage); }

// GET /usage?from&to&group&apiId&applicationId: the last 24 hours by default; in the order of the
// groups. `errors` counts answers of 400 and above.
Result<rest::Reply> Analytics::get_usage(const rest::Call& call) {
  GH_TRY(grouping, grouping_from(call.query_or("group", "")));
  GH_TRY(queries, questions_of(call, clock_.now()));
  const rest::Page page = call.page();
  std::int64_t total = 0;
  GH_TRY(list, api_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    GH_TRY(sums, sums_of(transaction, call.caller.tenant, queries, grouping));
    total = std::ssize(sums);
    json::array views;
    std::int64_t at = 0;
    for (const auto& [key, sum] : sums) {
      if (at++ < page.offset || std::ssize(views) >= page.limit) continue;
      json::object view = usage_view(sum, grouping);
      GH_CHECK(add_names(transaction, call.caller.tenant, key, view));
      views.push_back(std::move(view));
    }
    return views;
  }));
  return rest::ok(rest::page_of(std::move(list), total, call));
}

}  // namespace gatehouse::analytics
