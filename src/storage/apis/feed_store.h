// SPDX-License-Identifier: Apache-2.0
//
// What the gateways of some environments must know: reads over all tenants, for the feed alone.
//
// An API is known where it is deployed; a subscription where its API is known; an application where
// one of its subscriptions is.
//
// Thread:  one transaction.
#pragma once

#include "model/snapshot.h"
#include "storage/apis/policy_store.h"
#include "storage/apis/stored.h"

namespace gatehouse::storage {

// An API as one environment serves it. `document` is the deployed revision's.
struct DeployedRow {
  model::TenantNumber tenant = model::first_tenant;
  std::string api_id;
  std::string state;
  bool is_default_version = false;
  std::string revision_id;
  std::string environment;
  std::string vhost;
  json::object document;
};

// One thing of a tenant.
struct Which {
  model::TenantNumber tenant = model::first_tenant;
  std::string id;

  auto operator<=>(const Which&) const = default;
};

class FeedStore {
 public:
  // `environments` outlives the store.
  FeedStore(Transaction& transaction, const std::vector<std::string>& environments)
      : transaction_(transaction), environments_(environments) {}

  // All of a kind in the order of tenant and id, or the one that is asked for, if it is known. Of
  // an API in several of the environments the first by name.
  Result<std::vector<DeployedRow>> apis(const std::optional<Which>& only = {}) const;
  Result<std::vector<model::KnownSubscription>> subscriptions(
      const std::optional<Which>& only = {}) const;
  Result<std::vector<model::KnownApplication>> applications(
      const std::optional<Which>& only = {}) const;
  // Those of a tenant that are deployed anywhere.
  Result<std::vector<std::string>> api_ids(model::TenantNumber tenant) const;
  // Policies are known everywhere.
  Result<std::vector<model::KnownPolicy>> policies(const std::optional<Which>& only = {}) const;

  // A subscription, whether it is known here or not, and the application it belongs to.
  struct Subscriber {
    std::string subscription_id;
    std::string application_id;
  };
  Result<std::vector<Subscriber>> subscribers_of(const Which& api) const;

 private:
  Transaction& transaction_;
  const std::vector<std::string>& environments_;
};

}  // namespace gatehouse::storage
