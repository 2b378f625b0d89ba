// SPDX-License-Identifier: Apache-2.0
//
// Removes a user so that nothing tells who it was: name, e-mail address and password hashes go from
// user_manager, the name from what the user owned in api_manager. What stays is the immutable id, a
// pseudonym, in lifecycles, revisions and revocations.
#include "admin/accounts.h"
#include "core/log.h"
#include "core/text.h"
#include "rest/application_client.h"
#include "rest/problems.h"
#include "storage/apis/application_removal.h"
#include "storage/apis/ownership.h"

namespace gatehouse::admin {

namespace {

using storage::ApplicationRow;
using storage::Owner;
using storage::Ownership;
using storage::Transaction;

constexpr std::int64_t named_max = 10;

// What the key manager must hear once the write is durable.
struct Aftermath {
  std::vector<std::string> clients_gone;
  std::vector<storage::KeyMapping> keys_gone;
  struct Passed {
    ApplicationRow application;
    std::vector<storage::KeyMapping> keys;
  };
  std::vector<Passed> passed;
};

Result<> refuse_owner(const Ownership& ownership, const std::string& user_id) {
  GH_TRY(used, ownership.in_use(user_id, named_max));
  if (used.apis.empty() && used.applications.empty()) return {};
  std::vector<std::string> parts;
  if (!used.apis.empty()) parts.push_back("APIs " + join(used.apis, ", "));
  if (!used.applications.empty()) parts.push_back("applications " + join(used.applications, ", "));
  return rest::refuse_because(
      rest::successor_needed,
      fmt::format("The user owns {}; name a successor", join(parts, " and ")));
}

Result<Aftermath> remove_applications(Transaction& transaction, model::TenantNumber tenant,
                                      const std::vector<ApplicationRow>& applications) {
  Aftermath after;
  for (const ApplicationRow& application : applications) {
    GH_TRY(keys, storage::remove_application(transaction, tenant, application.id));
    after.keys_gone.insert(after.keys_gone.end(), keys.begin(), keys.end());
  }
  return after;
}

Result<Aftermath> pass_applications(Transaction& transaction, model::TenantNumber tenant,
                                    const std::vector<ApplicationRow>& applications,
                                    const Owner& successor, Instant now) {
  Aftermath after;
  Ownership ownership(transaction, tenant);
  for (const ApplicationRow& application : applications) {
    GH_TRY(passed, ownership.pass_application(application, successor, now));
    GH_TRY(keys, storage::KeyMappingStore(transaction).list(tenant, passed.id));
    for (const storage::KeyMapping& mapping : keys) {
      // A client of another server may have the id of one here.
      if (mapping.is_ours()) GH_CHECK(ownership.pass_client(mapping.client_id, successor));
    }
    after.passed.push_back({std::move(passed), std::move(keys)});
  }
  return after;
}

}  // namespace

Result<> Accounts::remove(model::TenantNumber tenant, const storage::User& user,
                          const std::optional<storage::User>& successor) {
  const Instant now = clock_.now();
  GH_TRY(after, api_manager_.write([&](Transaction& transaction) -> Result<Aftermath> {
    Ownership ownership(transaction, tenant);
    if (!successor) GH_CHECK(refuse_owner(ownership, user.id));
    GH_TRY(applications, ownership.applications_of(user.id));
    GH_TRY(free_clients, ownership.free_clients_of(user.id));
    Aftermath made;
    if (successor) {
      const Owner to{successor->id, successor->name};
      GH_CHECK(ownership.pass_apis(user.id, to, now));
      GH_TRY(passed, pass_applications(transaction, tenant, applications, to, now));
      made = std::move(passed);
    } else {
      GH_TRY(removed, remove_applications(transaction, tenant, applications));
      made = std::move(removed);
    }
    made.clients_gone.insert(made.clients_gone.end(), free_clients.begin(), free_clients.end());
    return made;
  }));
  for (const std::string& client : after.clients_gone) {
    GH_CHECK(rest::delete_client(key_manager_, client));
  }
  for (const storage::KeyMapping& mapping : after.keys_gone) {
    const Result<> gone = rest::remove_client(key_manager_, mapping);
    // A server of others must not keep a person's data here.
    if (!gone && mapping.is_ours()) return gone;
    if (!gone) log_warning("Client {} stays behind: {}", mapping.client_id, gone.error().message);
  }
  // The names of clients have the owner's in them.
  for (const Aftermath::Passed& each : after.passed) {
    for (const storage::KeyMapping& mapping : each.keys) {
      if (!mapping.owns_client()) continue;
      GH_CHECK(rest::update_client(key_manager_, mapping.client_id,
                                   rest::settings_of(each.application, mapping)));
    }
  }
  const storage::Occurrence occurrence = now_happens();
  const Result<> removed = user_manager_.write([&](Transaction& transaction) {
    return storage::UserStore(transaction, tenant).remove(user.id, occurrence);
  });
  GH_CHECK(removed);
  GH_CHECK(rest::revoke_user(key_manager_, tenant, user.id));
  return tell(tenant, user.id);
}

}  // namespace gatehouse::admin
