// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/application_removal.h"

#include "storage/apis/api_key_store.h"
#include "storage/apis/key_mapping_store.h"
#include "storage/apis/subscription_store.h"

namespace gatehouse::storage {

Result<std::vector<KeyMapping>> remove_application(Transaction& transaction,
                                                   model::TenantNumber tenant,
                                                   const std::string& application_id) {
  using model::ChangeKind;
  const auto changed = [&](ChangeKind kind, const std::string& id) {
    transaction.changed({kind, tenant, id, {}, {}});
  };
  SubscriptionStore subscriptions(transaction, tenant);
  SubscriptionQuery query;
  query.application_id = application_id;
  GH_TRY(subscribed, subscriptions.list(query, Window{0, INT64_MAX}));
  for (const SubscriptionRow& subscription : subscribed.items) {
    GH_CHECK(subscriptions.remove(subscription));
  }
  ApiKeyStore api_keys(transaction, tenant);
  GH_TRY(keys, api_keys.of_application(application_id));
  for (const std::string& key : keys) {
    GH_CHECK(api_keys.remove(key));
    changed(ChangeKind::api_key, key);
  }
  KeyMappingStore mappings(transaction);
  GH_TRY(mapped, mappings.list(tenant, application_id));
  std::vector<KeyMapping> clients;
  for (const KeyMapping& mapping : mapped) {
    GH_CHECK(mappings.remove(mapping));
    changed(ChangeKind::key_mapping, mapping.id);
    if (mapping.made_client()) clients.push_back(mapping);
  }
  GH_CHECK(ApplicationStore(transaction, tenant).remove(application_id));
  changed(ChangeKind::application, application_id);
  return clients;
}

}  // namespace gatehouse::storage
