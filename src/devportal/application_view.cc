// SPDX-License-Identifier: Apache-2.0
#include "devportal/application_view.h"

#include "devportal/api_view.h"
#include "storage/apis/subscription_store.h"

namespace gatehouse::devportal {

namespace {

using storage::ApplicationRow;
using storage::Transaction;

constexpr std::int64_t subscriptions_shown_max = 1'000;

json::object object_or_empty(const json::object& from, std::string_view name) {
  const json::object* found = object_at(from, name);
  return found == nullptr ? json::object() : *found;
}

// The scopes of the APIs that the application subscribes to.
Result<json::array> subscription_scopes(Transaction& transaction, model::TenantNumber tenant,
                                        const std::string& application_id) {
  storage::SubscriptionQuery query;
  query.application_id = application_id;
  GH_TRY(subscriptions, storage::SubscriptionStore(transaction, tenant)
                            .list(query, storage::Window{0, subscriptions_shown_max}));
  json::array scopes;
  for (const storage::SubscriptionRow& subscription : subscriptions.items) {
    GH_TRY(api, storage::ApiStore(transaction, tenant).find(subscription.api_id));
    for (json::value& scope : scopes_of(api)) scopes.push_back(std::move(scope));
  }
  return scopes;
}

}  // namespace

Result<json::object> application_entry(Transaction& transaction, model::TenantNumber tenant,
                                       const ApplicationRow& application) {
  storage::SubscriptionQuery query;
  query.application_id = application.id;
  GH_TRY(subscriptions, storage::SubscriptionStore(transaction, tenant).count(query));
  const json::object& document = application.document;
  json::object entry;
  entry["applicationId"] = application.id;
  entry["name"] = application.name;
  entry["throttlingPolicy"] = application.policy;
  entry["description"] = text_or(document, "description", "");
  entry["status"] = application.status;
  entry["groups"] = to_json(texts_of(document, "groups"));
  entry["subscriptionCount"] = subscriptions;
  entry["attributes"] = object_or_empty(document, "attributes");
  entry["owner"] = application.owner();
  entry["tokenType"] = application.token_type;
  entry["createdTime"] = fmt::format("{}", to_ms(application.created_at));
  entry["updatedTime"] = fmt::format("{}", to_ms(application.updated_at));
  return entry;
}

Result<json::object> application_view(Transaction& transaction, model::TenantNumber tenant,
                                      const ApplicationRow& application) {
  GH_TRY(view, application_entry(transaction, tenant, application));
  // Fields that we keep but do not use come back as they came.
  for (const auto& member : application.document) {
    if (!view.contains(member.key())) view[member.key()] = member.value();
  }
  GH_TRY(mappings, storage::KeyMappingStore(transaction).list(tenant, application.id));
  json::array keys;
  for (const storage::KeyMapping& mapping : mappings) keys.push_back(key_view(mapping));
  GH_TRY(scopes, subscription_scopes(transaction, tenant, application.id));
  view["keys"] = std::move(keys);
  view["subscriptionScopes"] = std::move(scopes);
  view["hashEnabled"] = true;
  return view;
}

json::object key_view(const storage::KeyMapping& mapping) {
  json::object view;
  view["keyMappingId"] = mapping.id;
  view["keyManager"] = mapping.key_manager;
  view["consumerKey"] = mapping.client_id;
  view["consumerSecret"] = "";
  view["supportedGrantTypes"] = to_json(texts_of(mapping.document, "supportedGrantTypes"));
  view["callbackUrl"] = text_or(mapping.document, "callbackUrl", "");
  view["keyState"] = mapping.state;
  view["keyType"] = std::string(model::to_text(mapping.key_type));
  view["mode"] = mapping.mode;
  view["additionalProperties"] = object_or_empty(mapping.document, "additionalProperties");
  return view;
}

}  // namespace gatehouse::devportal
