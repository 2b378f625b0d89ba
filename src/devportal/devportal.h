// SPDX-License-Identifier: Apache-2.0
//
// The developer portal's REST API: consumers find APIs, register applications, subscribe and get
// keys.
//
// Everybody sees APIs of visibility PUBLIC; users see those that their roles open. A user's
// DefaultApplication is made at the first use of the portal. The key manager keeps the OAuth
// clients behind an application's keys and is asked outside of transactions: a client is made
// before the row that names it and removed after it, so no row ever names a client that is not
// there.
//
// Thread:  handlers run on pool threads; the class holds no state of its own.
// Files:   one for each resource: apis, applications, oauth_keys, client_secrets, key_managers,
//          api_keys, subscriptions, throttling_policies, search, settings,
//          accounts.
#pragma once

#include "core/clock.h"
#include "core/random.h"
#include "devportal/audience.h"
#include "rest/key_manager.h"
#include "rest/password_change.h"
#include "rest/router.h"
#include "storage/apis/api_key_store.h"
#include "storage/apis/application_store.h"
#include "storage/apis/key_mapping_store.h"
#include "storage/apis/subscription_store.h"
#include "storage/databases.h"

namespace gatehouse::devportal {

struct DevPortalOptions {
  // As clients reach the key manager: addresses that the portal prints.
  std::string key_manager_url = "https://localhost:9443";
  rest::HashPassword hash_password;
  rest::PasswordMatches password_matches{};
};

class DevPortal {
 public:
  DevPortal(storage::Databases& databases, http::Client& key_manager, const Clock& clock,
            Random& random, DevPortalOptions options);

  // Every route of this API, in one place.
  void mount(rest::Router& router);

 private:
  using Reply = Result<rest::Reply>;

  Reply list_apis(const rest::Call& call);
  Reply get_api(const rest::Call& call);
  Reply get_definition(const rest::Call& call);
  Reply get_thumbnail(const rest::Call& call);
  Reply list_policies_of_api(const rest::Call& call);

  Reply list_applications(const rest::Call& call);
  Reply create_application(const rest::Call& call);
  Reply get_application(const rest::Call& call);
  Reply update_application(const rest::Call& call);
  Reply delete_application(const rest::Call& call);

  Reply generate_keys(const rest::Call& call);
  Reply list_keys(const rest::Call& call);
  Reply get_key(const rest::Call& call);
  Reply update_key(const rest::Call& call);
  Reply delete_key(const rest::Call& call);
  Reply clean_up_key(const rest::Call& call);
  Reply regenerate_secret(const rest::Call& call);
  Reply generate_token(const rest::Call& call);

  Reply map_keys(const rest::Call& call);
  Reply generate_consumer_secret(const rest::Call& call);
  Reply list_consumer_secrets(const rest::Call& call);
  Reply revoke_consumer_secret(const rest::Call& call);

  Reply generate_api_key(const rest::Call& call);
  Reply list_api_keys(const rest::Call& call);
  Reply list_tied_keys(const rest::Call& call);
  Reply list_free_keys(const rest::Call& call);
  Reply regenerate_api_key(const rest::Call& call);
  Reply revoke_api_key(const rest::Call& call);
  Reply associate_api_key(const rest::Call& call);
  Reply dissociate_api_key(const rest::Call& call);

  Reply list_subscriptions(const rest::Call& call);
  Reply create_subscription(const rest::Call& call);
  Reply create_subscriptions(const rest::Call& call);
  Reply get_subscription(const rest::Call& call);
  Reply update_subscription(const rest::Call& call);
  Reply delete_subscription(const rest::Call& call);

  Reply list_policies(const rest::Call& call);
  Reply get_policy(const rest::Call& call);
  Reply list_tags(const rest::Call& call);
  Reply search(const rest::Call& call);
  Reply get_settings(const rest::Call& call);
  Reply list_tenants(const rest::Call& call);
  Reply list_key_managers(const rest::Call& call);

  Reply change_password(const rest::Call& call);
  Reply sign_up(const rest::Call& call);

  // An API that the caller may see. Error: not_found.
  Result<storage::ApiRow> find_api(const rest::Caller& caller, std::string_view api_id);
  // The caller's application of the path. Error: not_found.
  Result<storage::ApplicationRow> find_application(const rest::Call& call);
  // Keys of that application: by {keyMappingId}, or by {keyType}. Error: not_found.
  Result<storage::KeyMapping> find_key(const rest::Call& call,
                                       const storage::ApplicationRow& application);
  // The same, when our own key manager has given them. Error: invalid_argument (901405).
  Result<storage::KeyMapping> find_own_client(const rest::Call& call);
  // The name of the key manager that the body means. Error: invalid_argument (901403, 901406).
  Result<std::string> key_manager_of(const rest::Call& call);
  // Those of the path for which `query` holds, too. With a user, those are not the application's.
  Result<std::vector<storage::NamedApiKey>> find_api_keys(const rest::Call& call,
                                                          storage::ApiKeyQuery query);
  // Changes the API key that the path and the body mean; gateways hear of it. Its answer is the key
  // as it was changed. Error: not_found.
  Result<storage::ApiKeyRow> change_api_key(
      const rest::Call& call,
      const std::function<Result<>(storage::ApiKeyStore&, storage::ApiKeyRow&)>& change);
  Result<> ensure_default_application(const rest::Caller& caller);
  // What is done with keys of another key manager that does not answer.
  enum class ProviderSilence : std::uint8_t { refuses, ignored };
  Result<> remove_key(const rest::Call& call, ProviderSilence silence);
  Result<json::object> subscribe(const rest::Caller& caller, const json::object& wanted);

  storage::Database& api_manager_;
  storage::Database& registry_;
  storage::Database& user_manager_;
  http::Client& key_manager_;
  const Clock& clock_;
  Random& random_;
  DevPortalOptions options_;
};

}  // namespace gatehouse::devportal
