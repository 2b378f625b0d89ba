// SPDX-License-Identifier: Apache-2.0
#include "app/gateway_inspection.h"

#include <algorithm>

namespace gatehouse::app {

void GatewayInspection::mount(rest::Router& router) {
  router.on("getStartupHealth", this, &GatewayInspection::health);
  router.on("listApis", this, &GatewayInspection::list_apis);
  router.on("listApplications", this, &GatewayInspection::list_applications);
  router.on("listSubscriptions", this, &GatewayInspection::list_subscriptions);
}

Result<rest::Reply> GatewayInspection::health(const rest::Call&) {
  if (!snapshot_()) return fail(ErrorCode::internal, "The gateway has no snapshot yet");
  return rest::bytes("text/plain", "OK");
}

Result<rest::Reply> GatewayInspection::list_apis(const rest::Call& call) {
  return list(call, "api",
              {{"context", "context"}, {"version", "version"}, {"tenantDomain", "tenant_domain"}});
}

Result<rest::Reply> GatewayInspection::list_applications(const rest::Call& call) {
  return list(call, "application", {{"name", "name"}, {"uuid", "id"}});
}

Result<rest::Reply> GatewayInspection::list_subscriptions(const rest::Call& call) {
  return list(call, "subscription", {{"apiUUID", "api_id"}, {"appUUID", "application_id"}});
}

rest::Reply GatewayInspection::list(const rest::Call& call, std::string_view kind,
                                    const std::vector<Filter>& filters) const {
  json::array things;
  const std::shared_ptr<const gateway::Snapshot> snapshot = snapshot_();
  const model::FeedRange whole = snapshot ? snapshot->whole() : model::FeedRange{};
  for (const model::FeedEntry& entry : whole.upserts) {
    if (entry.kind != kind) continue;
    const bool wanted = std::ranges::all_of(filters, [&](const Filter& filter) {
      const std::string value = call.query_or(filter.parameter, "");
      return value.empty() || text_or(entry.value, filter.member, "") == value;
    });
    if (wanted) things.push_back(entry.value);
  }
  const std::size_t count = things.size();
  return rest::ok(json::object{{"count", count}, {"list", std::move(things)}});
}

}  // namespace gatehouse::app
