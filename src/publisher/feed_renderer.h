// SPDX-License-Identifier: Apache-2.0
//
// What the gateways of some environments hear: everything, or what changed since a number, always
// rendered from the state of one database snapshot.
//
// An API that enters an environment brings its bundle: its subscriptions, their applications, and
// the keys of these. One that leaves takes with it what no other API there needs. Policies and
// signing keys are known everywhere, and so are key managers. Of an API that several of the
// environments serve, a gateway hears once, as the first by name serves it. An environment of
// production has no backend of sandbox calls, and the reverse, so such a key opens nothing there.
//
// Thread:  one transaction.
#pragma once

#include <functional>
#include <set>

#include "storage/apis/certificate_store.h"
#include "storage/apis/environment_store.h"
#include "storage/apis/feed_store.h"
#include "storage/change_log.h"

namespace gatehouse::publisher {

// Domain of each tenant that is switched on. The APIs of others are not served.
using TenantDomains = std::map<model::TenantNumber, std::string>;

class FeedRenderer {
 public:
  struct View {
    std::vector<std::string> environments;
    TenantDomains domains;
    std::string issuer;  // of our tokens
  };

  // `view` outlives the renderer.
  FeedRenderer(storage::Transaction& transaction, const View& view)
      : transaction_(transaction), view_(view), store_(transaction, view.environments) {}

  // Called for each thing.
  using Take = std::function<void(model::FeedEntry)>;
  // Everything, thing by thing.
  Result<> everything(const Take& take);
  // What the changes touched, in the order of first touch. With more than `entries_max` the rest
  // is left out, and full() is true.
  Result<model::FeedRange> changed(const std::vector<storage::LoggedChange>& changes,
                                   std::size_t entries_max = SIZE_MAX);
  bool full() const { return touched_.size() > entries_max_; }

 private:
  using Which = storage::Which;

  Result<> add_api(const storage::DeployedRow& api);
  // Takes away the backends of the key type that its environment does not serve.
  Result<> keep_served_keys(model::DeployedApi& api);
  Result<> add_certificates(model::DeployedApi& api);
  Result<> add_keys(const Which& application);
  Result<> add_signing_keys();
  Result<> add_key_managers();

  Result<> touch(const model::Change& change);
  Result<> touch_api(const model::Change& change);
  Result<> touch_subscription(const Which& which);
  Result<> touch_application(const Which& which);
  Result<> touch_key_mapping(const Which& which);
  Result<> touch_api_key(const Which& which);
  Result<> touch_policy(const Which& which);
  Result<> touch_signing_key(const Which& which);
  Result<> touch_key_manager(const Which& which);
  Result<> touch_tenant(model::TenantNumber tenant);

  bool first_touch(std::string_view kind, const Which& which);
  void upsert(std::string_view kind, std::string id, json::object value);
  void remove(std::string_view kind, std::string id);

  storage::Transaction& transaction_;
  const View& view_;
  storage::FeedStore store_;
  const Take* take_ = nullptr;  // of everything(); else what is found goes to range_
  std::size_t entries_max_ = SIZE_MAX;
  model::FeedRange range_;
  std::map<model::TenantNumber, std::vector<storage::EndpointCertificate>> certificates_;
  std::map<Which, std::optional<storage::EnvironmentRow>> environments_;  // by tenant and name
  std::set<std::pair<std::string, Which>> touched_;
};

}  // namespace gatehouse::publisher
