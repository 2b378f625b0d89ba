// SPDX-License-Identifier: Apache-2.0
//
// The admin REST API: throttling policies, gateway environments, users and roles, applications.
//
// Policies of requests are enforced; those of bandwidth, events and language-model tokens, and
// conditional groups of advanced policies, are stored and returned with isDeployed false until
// gateways count them (storage/apis/policy_limit.h).
//
// Thread:  handlers run on pool threads; the class holds no state of its own.
// Files:   one for each resource: policies, environments, users, roles, applications, settings,
//          key_managers.
#pragma once

#include "core/clock.h"
#include "core/random.h"
#include "rest/key_manager.h"
#include "rest/router.h"
#include "storage/apis/key_manager_store.h"
#include "storage/apis/policy_store.h"
#include "storage/databases.h"
#include "storage/users/user_store.h"

namespace gatehouse::admin {

// Argon2id lives in the key manager; app hands its function in.
using HashPassword = std::function<Result<std::string>(const std::string& password)>;

// Closes a secret for the database (jose::Sealer), as text.
using Seal = std::function<std::string(std::string_view secret)>;

struct AdminOptions {
  HashPassword hash_password;
  Seal seal = {};
  std::string issuer = {};  // of our own tokens
};

class Admin {
 public:
  Admin(storage::Databases& databases, http::Client& key_manager, const Clock& clock,
        Random& random, AdminOptions options);

  // Every route of this API, in one place.
  void mount(rest::Router& router);

 private:
  using Reply = Result<rest::Reply>;
  using Level = model::PolicyLevel;

  void mount_policies(rest::Router& router, Level level, std::string_view name);
  Reply list_policies(const rest::Call& call, Level level);
  Reply create_policy(const rest::Call& call, Level level);
  Reply get_policy(const rest::Call& call, Level level);
  Reply update_policy(const rest::Call& call, Level level);
  Reply delete_policy(const rest::Call& call, Level level);
  Reply search_policies(const rest::Call& call);

  Reply list_environments(const rest::Call& call);
  Reply create_environment(const rest::Call& call);
  Reply get_environment(const rest::Call& call);
  Reply update_environment(const rest::Call& call);
  Reply delete_environment(const rest::Call& call);

  Reply list_users(const rest::Call& call);
  Reply create_user(const rest::Call& call);
  Reply get_user(const rest::Call& call);
  Reply update_user(const rest::Call& call);
  Reply delete_user(const rest::Call& call);

  Reply list_roles(const rest::Call& call);
  Reply create_role(const rest::Call& call);
  Reply delete_role(const rest::Call& call);
  Reply validate_role(const rest::Call& call);

  Reply list_applications(const rest::Call& call);
  Reply get_application(const rest::Call& call);
  Reply delete_application(const rest::Call& call);
  Reply change_application_owner(const rest::Call& call);

  Reply list_key_managers(const rest::Call& call);
  Reply create_key_manager(const rest::Call& call);
  Reply get_key_manager(const rest::Call& call);
  Reply update_key_manager(const rest::Call& call);
  Reply delete_key_manager(const rest::Call& call);
  Reply discover_key_manager(const rest::Call& call);
  Result<json::object> read_keys(const json::object& document);
  Result<> take_secret(storage::KeyManagerRow& row);

  Reply get_settings(const rest::Call& call);
  Reply get_tenant_info(const rest::Call& call);

  Result<storage::User> find_user(const rest::Caller& caller, std::string_view name);
  // Lets gateways and key managers hear of what happened to a user, before the answer does.
  Result<> tell_of_user(const rest::Caller& caller, const std::string& user_id);
  storage::Occurrence now_happens();

  storage::Database& api_manager_;
  storage::Database& user_manager_;
  http::Client& key_manager_;
  const Clock& clock_;
  Random& random_;
  AdminOptions options_;
};

}  // namespace gatehouse::admin
