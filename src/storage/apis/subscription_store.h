// SPDX-License-Identifier: Apache-2.0
//
// Subscriptions of applications to APIs: table am_subscription.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct SubscriptionRow {
  std::string id;
  std::string api_id;
  std::string application_id;
  std::string policy;
  std::string status;  // "UNBLOCKED", "BLOCKED", "PROD_ONLY_BLOCKED", ...
  json::object document;
  std::int64_t version = 0;
  Instant created_at{};
  Instant updated_at{};
};

// Every condition must hold; an empty one holds always.
struct SubscriptionQuery {
  std::string api_id;
  std::string application_id;
  std::string owner_id;  // of the application
  std::string status;
};

class SubscriptionStore {
 public:
  SubscriptionStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Error: not_found (900310).
  Result<SubscriptionRow> find(std::string_view id) const;
  // Oldest first.
  Result<Listed<SubscriptionRow>> list(const SubscriptionQuery& query, const Window& window) const;
  Result<std::int64_t> count(const SubscriptionQuery& query) const;
  // Ids of the subscriptions under this subscription policy, at most ten.
  Result<std::vector<std::string>> users_of_policy(std::string_view policy) const;

  // Error: conflict (900336), when the application subscribes to the API already.
  Result<> insert(const SubscriptionRow& subscription);
  // Writes policy, status and document. Error: conflict, when `version` is not the row's.
  Result<> update(const SubscriptionRow& subscription);
  // Logs the change itself, and one of the application: this may have been its last subscription
  // where a gateway serves the API, and then nobody there has to know it.
  Result<> remove(const SubscriptionRow& subscription);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
