// SPDX-License-Identifier: Apache-2.0
#include "devportal/devportal.h"

namespace gatehouse::devportal {

DevPortal::DevPortal(storage::Databases& databases, http::Client& key_manager, const Clock& clock,
                     Random& random, DevPortalOptions options)
    : api_manager_(databases.api_manager()),
      registry_(databases.registry()),
      user_manager_(databases.user_manager()),
      key_manager_(key_manager),
      clock_(clock),
      random_(random),
      options_(std::move(options)) {}

void DevPortal::mount(rest::Router& router) {
  router.on("listApis", this, &DevPortal::list_apis);
  router.on("getApi", this, &DevPortal::get_api);
  router.on("getApiDefinition", this, &DevPortal::get_definition);
  router.on("getApiThumbnail", this, &DevPortal::get_thumbnail);
  router.on("listApiSubscriptionPolicies", this, &DevPortal::list_policies_of_api);

  router.on("listApplications", this, &DevPortal::list_applications);
  router.on("createApplication", this, &DevPortal::create_application);
  router.on("getApplication", this, &DevPortal::get_application);
  router.on("updateApplication", this, &DevPortal::update_application);
  router.on("deleteApplication", this, &DevPortal::delete_application);

  router.on("generateKeys", this, &DevPortal::generate_keys);
  router.on("mapKeys", this, &DevPortal::map_keys);
  // Keys are found by their id, or by their type: then those of our own key manager are meant, if
  // there are some.
  router.on("listKeys", this, &DevPortal::list_keys);
  router.on("listOauthKeys", this, &DevPortal::list_keys);
  router.on("getKeyByType", this, &DevPortal::get_key);
  router.on("getOauthKey", this, &DevPortal::get_key);
  router.on("updateKeyByType", this, &DevPortal::update_key);
  router.on("updateOauthKey", this, &DevPortal::update_key);
  router.on("deleteOauthKey", this, &DevPortal::delete_key);
  router.on("cleanUpKey", this, &DevPortal::clean_up_key);
  router.on("cleanUpKeyByType", this, &DevPortal::clean_up_key);
  router.on("regenerateSecretByType", this, &DevPortal::regenerate_secret);
  router.on("regenerateSecret", this, &DevPortal::regenerate_secret);
  router.on("generateTokenByType", this, &DevPortal::generate_token);
  router.on("generateToken", this, &DevPortal::generate_token);

  router.on("generateConsumerSecret", this, &DevPortal::generate_consumer_secret);
  router.on("getConsumerSecrets", this, &DevPortal::list_consumer_secrets);
  router.on("revokeConsumerSecret", this, &DevPortal::revoke_consumer_secret);

  // The same keys by their application or by their API.
  router.on("generateApiKey", this, &DevPortal::generate_api_key);
  router.on("generateApiBoundApiKey", this, &DevPortal::generate_api_key);
  router.on("listApiKeys", this, &DevPortal::list_api_keys);
  router.on("getAPIBoundAPIKeys", this, &DevPortal::list_api_keys);
  router.on("regenerateAppBoundAPIKey", this, &DevPortal::regenerate_api_key);
  router.on("regenerateAPIBoundAPIKey", this, &DevPortal::regenerate_api_key);
  router.on("revokeApiKey", this, &DevPortal::revoke_api_key);
  router.on("revokeAPIBoundAPIKey", this, &DevPortal::revoke_api_key);
  router.on("associateAPIKey", this, &DevPortal::associate_api_key);
  router.on("associateAPIKeyToApp", this, &DevPortal::associate_api_key);
  router.on("dissociateAPIKey", this, &DevPortal::dissociate_api_key);
  router.on("dissociateAPIKeyFromApp", this, &DevPortal::dissociate_api_key);
  router.on("getAPIKeyAssociationsForApp", this, &DevPortal::list_tied_keys);
  router.on("getSubscribedAPIsWithAPIKeys", this, &DevPortal::list_free_keys);

  router.on("listSubscriptions", this, &DevPortal::list_subscriptions);
  router.on("createSubscription", this, &DevPortal::create_subscription);
  router.on("createSubscriptions", this, &DevPortal::create_subscriptions);
  router.on("getSubscription", this, &DevPortal::get_subscription);
  router.on("updateSubscription", this, &DevPortal::update_subscription);
  router.on("deleteSubscription", this, &DevPortal::delete_subscription);

  router.on("listThrottlingPolicies", this, &DevPortal::list_policies);
  router.on("getThrottlingPolicy", this, &DevPortal::get_policy);
  router.on("listTags", this, &DevPortal::list_tags);
  router.on("search", this, &DevPortal::search);
  router.on("getSettings", this, &DevPortal::get_settings);
  router.on("listTenants", this, &DevPortal::list_tenants);
  router.on("listKeyManagers", this, &DevPortal::list_key_managers);

  router.on("changeUserPassword", this, &DevPortal::change_password);
  router.on("selfSignup", this, &DevPortal::sign_up);
}

}  // namespace gatehouse::devportal
