// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/defaults.h"

#include "core/id.h"
#include "storage/apis/environment_store.h"
#include "storage/apis/policy_limit.h"

namespace gatehouse::storage {

namespace {

using model::PolicyLevel;

struct DefaultPolicy {
  PolicyLevel level;
  const char* name;
  std::int64_t requests_per_minute;
};

constexpr std::array default_policies{
    DefaultPolicy{PolicyLevel::application, "10PerMin", 10},
    DefaultPolicy{PolicyLevel::application, "20PerMin", 20},
    DefaultPolicy{PolicyLevel::application, "50PerMin", 50},
    DefaultPolicy{PolicyLevel::application, "Unlimited", unlimited_requests},
    DefaultPolicy{PolicyLevel::subscription, "Bronze", 1'000},
    DefaultPolicy{PolicyLevel::subscription, "Silver", 2'000},
    DefaultPolicy{PolicyLevel::subscription, "Gold", 5'000},
    DefaultPolicy{PolicyLevel::subscription, "Unauthenticated", 500},
    DefaultPolicy{PolicyLevel::subscription, "Unlimited", unlimited_requests},
    DefaultPolicy{PolicyLevel::api, "10KPerMin", 10'000},
    DefaultPolicy{PolicyLevel::api, "20KPerMin", 20'000},
    DefaultPolicy{PolicyLevel::api, "50KPerMin", 50'000},
    DefaultPolicy{PolicyLevel::api, "Unlimited", unlimited_requests},
};

PolicyRow policy_row(const DefaultPolicy& policy, std::string id, Instant now) {
  const bool unlimited = policy.requests_per_minute == unlimited_requests;
  json::object document{
      {"policyId", id},
      {"policyName", policy.name},
      {"displayName", policy.name},
      {"description",
       unlimited ? std::string("Allows unlimited requests")
                 : fmt::format("Allows {} requests per minute", policy.requests_per_minute)},
      {"isDeployed", true},
      {"type", document_type(policy.level)},
      {"defaultLimit",
       {{"type", "REQUESTCOUNTLIMIT"},
        {"requestCount",
         {{"timeUnit", "min"}, {"unitTime", 1}, {"requestCount", policy.requests_per_minute}}}}}};
  if (policy.level == PolicyLevel::subscription) {
    document["stopOnQuotaReach"] = true;
    document["billingPlan"] = "FREE";
    document["customAttributes"] = json::array();
  }
  if (policy.level == PolicyLevel::api) document["conditionalGroups"] = json::array();
  return PolicyRow{std::move(id), policy.level, policy.name, std::move(document), 0, now, now};
}

json::object vhost_of(const DefaultsOptions& options) {
  return {{"host", options.host},          {"httpContext", ""},
          {"httpPort", options.http_port}, {"httpsPort", options.https_port},
          {"wsPort", options.http_port},   {"wssPort", options.https_port}};
}

EnvironmentRow environment_row(const DefaultsOptions& options, std::string id, Instant now) {
  json::object document{{"id", id},
                        {"name", default_environment},
                        {"displayName", default_environment},
                        {"description", "The gateway that comes with the server"},
                        {"provider", "wso2"},
                        {"type", "hybrid"},
                        {"gatewayType", "Regular"},
                        {"mode", "READ_WRITE"},
                        {"status", "Active"},
                        {"isReadOnly", true},
                        {"vhosts", json::array{vhost_of(options)}},
                        {"endpointURIs", json::array()},
                        {"additionalProperties", json::array()},
                        {"permissions", {{"permissionType", "PUBLIC"}, {"roles", json::array()}}}};
  return EnvironmentRow{std::move(id), std::string(default_environment), std::move(document), 0,
                        now};
}

// The first vhost of Default is ours; an administrator may have added others.
Result<> follow_ports(EnvironmentStore& environments, EnvironmentRow known,
                      const json::object& vhost) {
  json::value* vhosts = known.document.if_contains("vhosts");
  if (vhosts == nullptr || !vhosts->is_array() || vhosts->get_array().empty()) return {};
  json::value& first = vhosts->get_array().front();
  if (first == json::value(vhost)) return {};
  first = vhost;
  return environments.update(known);
}

}  // namespace

Result<> add_defaults(Database& api_manager, const DefaultsOptions& options, const Clock& clock,
                      Random& random) {
  const Instant now = clock.now();
  std::vector<PolicyRow> policies;
  for (const DefaultPolicy& policy : default_policies) {
    policies.push_back(policy_row(policy, random_uuid(random), now));
  }
  const EnvironmentRow environment = environment_row(options, random_uuid(random), now);

  return api_manager.write([&](Transaction& transaction) -> Result<> {
    EnvironmentStore environments(transaction, options.tenant);
    const auto known = environments.find_by_name(environment.name);
    if (known && options.known_vhost == KnownVhost::stays) return {};
    if (known) return follow_ports(environments, *known, vhost_of(options));
    if (known.error().code != ErrorCode::not_found) return tl::unexpected(known.error());
    GH_CHECK(environments.insert(environment));

    PolicyStore store(transaction, options.tenant);
    for (const PolicyRow& policy : policies) {
      GH_TRY(has, store.has(policy.level, policy.name));
      if (has) continue;
      GH_CHECK(store.insert(policy));
      transaction.changed({model::ChangeKind::policy, options.tenant, policy.id, {}, {}});
    }
    return {};
  });
}

}  // namespace gatehouse::storage
