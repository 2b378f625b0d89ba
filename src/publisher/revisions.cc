// SPDX-License-Identifier: Apache-2.0
//
// /apis/{apiId}/revisions and /apis/{apiId}/restore-revision.
#include "core/id.h"
#include "core/text.h"
#include "publisher/api_writes.h"
#include "publisher/deployment_view.h"
#include "publisher/publisher.h"
#include "rest/problems.h"

namespace gatehouse::publisher {

namespace {

using storage::ApiRow;
using storage::RevisionRow;
using storage::Transaction;

json::object revision_entry(const RevisionRow& revision, const json::array& deployments) {
  json::array deployed;
  for (const json::value& deployment : deployments) {
    if (text_or(deployment.get_object(), "revisionUuid", "") == revision.id) {
      deployed.push_back(deployment);
    }
  }
  json::object entry;
  entry["displayName"] = fmt::format("Revision {}", revision.number);
  entry["id"] = revision.id;
  entry["description"] = revision.description;
  entry["createdTime"] = to_rfc3339(revision.created_at);
  entry["apiInfo"] = json::object{{"id", revision.api_id}};
  entry["deploymentInfo"] = std::move(deployed);
  return entry;
}

struct Revisions {
  std::vector<RevisionRow> all;
  json::array deployments;  // as they are shown
};

Result<Revisions> revisions_of(storage::Database& api_manager, model::TenantNumber tenant,
                               const std::string& api_id, Instant now) {
  return api_manager.read([&](Transaction& transaction) -> Result<Revisions> {
    GH_TRY(all, storage::RevisionStore(transaction, tenant).list(api_id));
    GH_TRY(deployments, storage::DeploymentStore(transaction, tenant).of_api(api_id));
    GH_TRY(views, deployment_views(transaction, tenant, deployments, now));
    return Revisions{std::move(all), std::move(views)};
  });
}

// `wanted`: "deployed:true", "deployed:false" or anything else for all.
json::object revision_list(const Revisions& revisions, std::string_view wanted) {
  json::array list;
  for (const RevisionRow& revision : revisions.all) {
    json::object entry = revision_entry(revision, revisions.deployments);
    const bool deployed = !entry["deploymentInfo"].get_array().empty();
    if (wanted == "deployed:true" && !deployed) continue;
    if (wanted == "deployed:false" && deployed) continue;
    list.push_back(std::move(entry));
  }
  return rest::list_of(std::move(list));
}

}  // namespace

Result<RevisionRow> Publisher::find_revision(const rest::Call& call, const ApiRow& api) {
  const auto in_path = call.path.find("revisionId");
  const std::string id =
      in_path == call.path.end() ? call.query_or("revisionId", "") : in_path->second;
  const auto number = parse_number(call.query_or("revisionNumber", ""));
  return api_manager_.read([&](Transaction& transaction) -> Result<RevisionRow> {
    storage::RevisionStore revisions(transaction, call.caller.tenant);
    if (!id.empty() || !number) return revisions.find(api.id, id);
    return revisions.find_by_number(api.id, static_cast<std::int64_t>(*number));
  });
}

// GET /apis/{apiId}/revisions?query=deployed:true: by number.
Result<rest::Reply> Publisher::list_revisions(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  GH_TRY(revisions, revisions_of(api_manager_, call.caller.tenant, api.id, clock_.now()));
  return rest::ok(revision_list(revisions, call.query_or("query", "")));
}

// POST /apis/{apiId}/revisions: keeps the working copy as it is now.
//   201  the revision
//   400  the API has revisions_max revisions
Result<rest::Reply> Publisher::create_revision(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  RevisionRow revision;
  revision.id = random_uuid(random_);
  revision.api_id = api.id;
  if (call.body.is_object()) revision.description = text_or(call.object(), "description", "");
  revision.created_by = call.caller.user_id;
  revision.created_at = clock_.now();
  GH_TRY(made, api_manager_.write([&](Transaction& transaction) -> Result<RevisionRow> {
    storage::RevisionStore revisions(transaction, call.caller.tenant);
    GH_TRY(known, revisions.list(api.id));
    if (known.size() >= revisions_max) {
      return rest::refuse_because(
          rest::revisions_exhausted,
          fmt::format("An API has at most {} revisions; delete one first", revisions_max));
    }
    storage::ApiStore apis(transaction, call.caller.tenant);
    GH_TRY(current, apis.find(api.id));
    current.revisions_made += 1;
    RevisionRow row = revision;
    row.number = current.revisions_made;
    row.document = current.document;
    row.definition_hash = current.definition_hash;
    GH_CHECK(apis.update(current));
    GH_CHECK(revisions.insert(row));
    storage::SearchTerms references;
    add_references(current, references);
    GH_CHECK(storage::SearchStore(transaction, call.caller.tenant).put(row.id, references));
    return row;
  }));
  return rest::created(revision_entry(made, {}),
                       fmt::format("/apis/{}/revisions/{}", api.id, made.id));
}

// GET /apis/{apiId}/revisions/{revisionId}.
Result<rest::Reply> Publisher::get_revision(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  GH_TRY(revision, find_revision(call, api));
  GH_TRY(revisions, revisions_of(api_manager_, call.caller.tenant, api.id, clock_.now()));
  return rest::ok(revision_entry(revision, revisions.deployments));
}

// DELETE /apis/{apiId}/revisions/{revisionId}.
//   200  the revisions that are left
//   400  the revision is deployed
Result<rest::Reply> Publisher::delete_revision(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  GH_TRY(revision, find_revision(call, api));
  const Result<> done = api_manager_.write([&](Transaction& transaction) -> Result<> {
    storage::DeploymentStore deployments(transaction, call.caller.tenant);
    GH_TRY(deployed, deployments.of_api(api.id));
    for (const storage::DeploymentRow& deployment : deployed) {
      if (deployment.revision_id == revision.id) return rest::refuse(rest::revision_deployed);
    }
    GH_CHECK(storage::SearchStore(transaction, call.caller.tenant).remove(revision.id));
    return storage::RevisionStore(transaction, call.caller.tenant).remove(api.id, revision.id);
  });
  GH_CHECK(done);
  GH_TRY(revisions, revisions_of(api_manager_, call.caller.tenant, api.id, clock_.now()));
  return rest::ok(revision_list(revisions, ""));
}

// POST /apis/{apiId}/restore-revision?revisionId: the working copy becomes what the revision is.
//   201  the API
Result<rest::Reply> Publisher::restore_revision(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  GH_TRY(revision, find_revision(call, api));
  api.document = revision.document;
  api.definition_hash = revision.definition_hash;
  api.updated_at = clock_.now();
  GH_CHECK(api_manager_.write([&](Transaction& transaction) {
    return publisher::update_api(transaction, call.caller.tenant, api);
  }));
  return rest::created(api_view(api), "/apis/" + api.id);
}

}  // namespace gatehouse::publisher
