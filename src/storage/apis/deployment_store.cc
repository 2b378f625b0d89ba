// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/deployment_store.h"

namespace gatehouse::storage {

Result<std::vector<DeploymentRow>> DeploymentStore::of_api(std::string_view api_id) const {
  GH_TRY(rows,
         transaction_.query("SELECT api_id, environment, revision_id, vhost, display_on_devportal, "
                            "deployed_at_ms FROM am_deployment "
                            "WHERE tenant_id = $1 AND api_id = $2 ORDER BY environment",
                            tenant_, api_id));
  std::vector<DeploymentRow> deployments;
  for (const Row& row : rows) {
    deployments.push_back(
        {row.text(0), row.text(1), row.text(2), row.text(3), row.flag(4), row.instant(5)});
  }
  return deployments;
}

Result<std::vector<std::string>> DeploymentStore::environments_of(std::string_view api_id) const {
  GH_TRY(rows, transaction_.query("SELECT environment FROM am_deployment "
                                  "WHERE tenant_id = $1 AND api_id = $2 ORDER BY environment",
                                  tenant_, api_id));
  std::vector<std::string> names;
  for (const Row& row : rows) names.push_back(row.text(0));
  return names;
}

Result<std::int64_t> DeploymentStore::count_in_environment(std::string_view environment) const {
  GH_TRY(rows, transaction_.query(
                   "SELECT COUNT(*) FROM am_deployment WHERE tenant_id = $1 AND environment = $2",
                   tenant_, environment));
  return rows.front().number(0);
}

Result<std::vector<std::string>> DeploymentStore::apis_in(std::string_view environment) const {
  GH_TRY(rows, transaction_.query("SELECT api_id FROM am_deployment "
                                  "WHERE tenant_id = $1 AND environment = $2 ORDER BY api_id",
                                  tenant_, environment));
  std::vector<std::string> ids;
  for (const Row& row : rows) ids.push_back(row.text(0));
  return ids;
}

Result<> DeploymentStore::put(const DeploymentRow& deployment) {
  GH_CHECK(remove(deployment.api_id, deployment.environment));
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_deployment (tenant_id, api_id, environment, revision_id, vhost, "
      "display_on_devportal, deployed_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      tenant_, deployment.api_id, deployment.environment, deployment.revision_id, deployment.vhost,
      deployment.display_on_devportal, deployment.deployed_at));
  return {};
}

Result<> DeploymentStore::remove(std::string_view api_id, std::string_view environment) {
  GH_CHECK(transaction_.execute(
      "DELETE FROM am_deployment WHERE tenant_id = $1 AND api_id = $2 AND environment = $3",
      tenant_, api_id, environment));
  return {};
}

Result<> DeploymentStore::remove_all(std::string_view api_id) {
  GH_CHECK(transaction_.execute("DELETE FROM am_deployment WHERE tenant_id = $1 AND api_id = $2",
                                tenant_, api_id));
  return {};
}

}  // namespace gatehouse::storage
