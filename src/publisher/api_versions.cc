// SPDX-License-Identifier: Apache-2.0
//
// /apis/copy-api.
#include "core/id.h"
#include "publisher/api_rules.h"
#include "publisher/api_writes.h"
#include "publisher/publisher.h"

namespace gatehouse::publisher {

namespace {

// The definition under the name of another version.
json::object renamed(json::object definition, const std::string& version) {
  json::value& info = definition["info"];
  if (!info.is_object()) info = json::object();
  info.get_object()["version"] = version;
  return definition;
}

}  // namespace

// POST /apis/copy-api?apiId&newVersion&defaultVersion: another version of an API, with everything
// but its revisions, deployments, subscriptions and state.
//   201  the copy, in state CREATED
//   409  the API has this version
Result<rest::Reply> Publisher::create_version(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.query_or("apiId", "")));
  const std::string version = call.query_or("newVersion", "");
  GH_CHECK(check_version(version));
  GH_TRY(definition, definition_of(call.caller, api.definition_hash));
  GH_TRY(hash, keep_definition(call.caller, renamed(std::move(definition), version)));

  storage::ApiRow copy = api;
  copy.id = random_uuid(random_);
  copy.api_version = version;
  copy.full_context = full_context(api.context, version);
  copy.state = "CREATED";
  copy.is_default_version = call.query_or("defaultVersion", "false") == "true";
  copy.document["version"] = version;
  copy.definition_hash = hash;
  copy.revisions_made = 0;
  copy.created_at = copy.updated_at = clock_.now();

  const storage::LifecycleEvent event{random_uuid(random_), copy.id,        "", copy.state,
                                      call.caller.user_id,  copy.created_at};
  GH_CHECK(api_manager_.write([&](storage::Transaction& transaction) {
    return insert_api(transaction, call.caller.tenant, copy, event);
  }));
  return rest::created(api_view(copy), "/apis/" + copy.id);
}

}  // namespace gatehouse::publisher
