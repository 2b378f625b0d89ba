// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/policy_limit.h"

#include "core/text.h"

namespace gatehouse::storage {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t seconds;
};
constexpr std::array<Unit, 7> units{{{"sec", 1},
                                     {"min", 60},
                                     {"hour", 3'600},
                                     {"day", 86'400},
                                     {"week", 7 * 86'400},
                                     {"month", 30 * 86'400},
                                     {"year", 365 * 86'400}}};

struct LimitType {
  std::string_view name;     // in the admin API
  const char* member;        // of the limit
  const char* quota;         // of that member
  const char* in_summaries;  // quotaPolicyType
};
constexpr std::array<LimitType, 4> limit_types{
    {{"REQUESTCOUNTLIMIT", "requestCount", "requestCount", "REQUESTCOUNT"},
     {"BANDWIDTHLIMIT", "bandwidth", "dataAmount", "BANDWIDTHVOLUME"},
     {"EVENTCOUNTLIMIT", "eventCount", "eventCount", "EVENTCOUNT"},
     {"AIAPIQUOTALIMIT", "aiApiQuota", "requestCount", "AIAPIQUOTA"}}};

const json::object nothing;

const json::object& part(const json::object& object, std::string_view name) {
  const json::object* found = object_at(object, name);
  return found == nullptr ? nothing : *found;
}

const LimitType* limit_type(const json::object& policy) {
  const std::string name = text_or(part(policy, "defaultLimit"), "type", "");
  for (const LimitType& type : limit_types) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

// Burst control stands at the top of subscription policies, apart in those of applications.
const json::object& burst_of(const json::object& policy) {
  return policy.contains("burstLimit") ? part(policy, "burstLimit") : policy;
}

bool stops_on_quota(const PolicyRow& policy) {
  return policy.level != model::PolicyLevel::subscription ||
         flag_or(policy.document, "stopOnQuotaReach", false);
}

tl::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::invalid_argument, std::move(message), "", 900960);
}

}  // namespace

std::int64_t seconds_of(std::string_view time_unit) {
  std::string name = to_lower(time_unit);
  if (name.size() > 3 && name.back() == 's') name.pop_back();
  if (name == "second" || name == "minute") name.resize(3);
  for (const Unit& unit : units) {
    if (unit.name == name) return unit.seconds;
  }
  return 0;
}

bool is_enforced(const json::object& policy) {
  const LimitType* type = limit_type(policy);
  return type == &limit_types.front();
}

Result<> check_limit(const json::object& policy) {
  const LimitType* type = limit_type(policy);
  if (type == nullptr) return refuse("'defaultLimit.type' is not a known limit");
  const json::object& limit = part(part(policy, "defaultLimit"), type->member);
  if (seconds_of(text_or(limit, "timeUnit", "")) == 0) {
    return refuse(fmt::format("'defaultLimit.{}.timeUnit' is not a unit of time", type->member));
  }
  if (number_or(limit, "unitTime", 0) < 1) {
    return refuse(fmt::format("'defaultLimit.{}.unitTime' must be at least 1", type->member));
  }
  if (is_enforced(policy) && number_or(limit, type->quota, 0) < 1) {
    return refuse(
        fmt::format("'defaultLimit.{}.{}' must be at least 1", type->member, type->quota));
  }
  const json::object& burst = burst_of(policy);
  if (number_or(burst, "rateLimitCount", 0) > 0 &&
      seconds_of(text_or(burst, "rateLimitTimeUnit", "")) == 0) {
    return refuse("'rateLimitTimeUnit' is not a unit of time");
  }
  return {};
}

std::string_view document_type(model::PolicyLevel level) {
  switch (level) {
    case model::PolicyLevel::application: return "ApplicationThrottlePolicy";
    case model::PolicyLevel::subscription: return "SubscriptionThrottlePolicy";
    case model::PolicyLevel::api: return "AdvancedThrottlePolicy";
  }
  GH_ASSERT_NOT_REACHED();
}

model::KnownPolicy known_policy(const PolicyRow& policy, model::TenantNumber tenant) {
  model::KnownPolicy known;
  known.id = policy.id;
  known.tenant = tenant;
  known.level = policy.level;
  known.name = policy.name;
  const json::object& limit = part(part(policy.document, "defaultLimit"), "requestCount");
  known.quota = number_or(limit, "requestCount", unlimited_requests);
  known.unlimited = !is_enforced(policy.document) || known.quota >= unlimited_requests;
  known.window_s = std::max<std::int64_t>(
      1, number_or(limit, "unitTime", 1) * seconds_of(text_or(limit, "timeUnit", "min")));
  const json::object& burst = burst_of(policy.document);
  known.burst = std::max<std::int64_t>(0, number_or(burst, "rateLimitCount", 0));
  known.burst_window_s =
      std::max<std::int64_t>(1, seconds_of(text_or(burst, "rateLimitTimeUnit", "sec")));
  known.stop_on_quota_reach = stops_on_quota(policy);
  const auto choice = model::parse_when_silent(text_or(policy.document, "whenOwnerSilent", ""));
  if (choice) known.when_silent = *choice;
  known.per_user = text_or(policy.document, "applicableLevel", "") == "userLevel";
  return known;
}

json::object policy_summary(const PolicyRow& policy) {
  const json::object& document = policy.document;
  const LimitType* type = limit_type(document);
  const LimitType& shown = type == nullptr ? limit_types.front() : *type;
  const json::object& limit = part(part(document, "defaultLimit"), shown.member);
  const json::object& burst = burst_of(document);
  json::object summary{{"name", policy.name},
                       {"description", text_or(document, "description", "")},
                       {"policyLevel", std::string(model::to_text(policy.level))},
                       {"displayName", text_or(document, "displayName", policy.name)},
                       {"attributes", json::object()},
                       {"requestCount", number_or(limit, shown.quota, 0)},
                       {"unitTime", number_or(limit, "unitTime", 1)},
                       {"timeUnit", text_or(limit, "timeUnit", "min")},
                       {"rateLimitCount", number_or(burst, "rateLimitCount", 0)},
                       {"quotaPolicyType", shown.in_summaries},
                       {"tierPlan", text_or(document, "billingPlan", "FREE")},
                       {"stopOnQuotaReach", stops_on_quota(policy)}};
  if (limit.contains("dataUnit")) summary["dataUnit"] = text_or(limit, "dataUnit", "");
  const std::string burst_unit = text_or(burst, "rateLimitTimeUnit", "");
  if (!burst_unit.empty()) summary["rateLimitTimeUnit"] = burst_unit;
  return summary;
}

}  // namespace gatehouse::storage
