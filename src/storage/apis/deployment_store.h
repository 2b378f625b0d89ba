// SPDX-License-Identifier: Apache-2.0
//
// Which revision of an API serves in which environment: table am_deployment, at most one row for an
// API and an environment.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct DeploymentRow {
  std::string api_id;
  std::string environment;
  std::string revision_id;
  std::string vhost;
  bool display_on_devportal = true;
  Instant deployed_at{};
};

class DeploymentStore {
 public:
  DeploymentStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // By environment.
  Result<std::vector<DeploymentRow>> of_api(std::string_view api_id) const;
  // Names of the environments that serve the API, in order: the form of a Change.
  Result<std::vector<std::string>> environments_of(std::string_view api_id) const;
  Result<std::int64_t> count_in_environment(std::string_view environment) const;
  // Ids of the APIs that it serves, in order.
  Result<std::vector<std::string>> apis_in(std::string_view environment) const;

  // Replaces what serves in that environment.
  Result<> put(const DeploymentRow& deployment);
  Result<> remove(std::string_view api_id, std::string_view environment);
  Result<> remove_all(std::string_view api_id);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
