// SPDX-License-Identifier: Apache-2.0
#include "publisher/feed_renderer.h"

#include "core/log.h"
#include "core/text.h"
#include "jose/certificate.h"
#include "publisher/deployed_api.h"
#include "publisher/endpoint_origin.h"
#include "storage/apis/api_key_store.h"
#include "storage/apis/key_manager_store.h"
#include "storage/apis/key_mapping_store.h"
#include "storage/apis/signing_key_store.h"

namespace gatehouse::publisher {

namespace {

using model::ChangeKind;
using model::to_json;

bool overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& text) {
    return std::find(b.begin(), b.end(), text) != b.end();
  });
}

json::object value_of(const storage::KeyMapping& mapping) {
  model::KnownKeyMapping known;
  known.id = mapping.id;
  known.tenant = mapping.tenant;
  known.client_id = mapping.client_id;
  known.application_id = mapping.application_id;
  known.key_type = mapping.key_type;
  known.key_manager = mapping.key_manager;
  return to_json(known);
}

json::object value_of(const storage::ApiKeyRow& key, const model::KnownApplication& application) {
  model::KnownApiKey known;
  known.id = key.id;
  known.tenant = application.tenant;
  known.hash = to_hex(key.hash);
  known.application_id = key.application_id;
  known.api_id = key.api_id;
  known.key_type = key.key_type;
  known.user = application.owner;
  known.expires_at = key.expires_at;
  known.permitted_addresses = key.permitted_addresses;
  known.permitted_referers = key.permitted_referers;
  return to_json(known);
}

json::object value_of(const storage::SigningKeyRow& key, const std::string& issuer) {
  return to_json(model::KnownSigningKey{key.kid, key.tenant, issuer, key.public_jwk});
}

// Nothing when there is no such thing; other errors stay errors.
template <typename T>
Result<std::optional<T>> if_found(Result<T> found) {
  if (found) return std::optional<T>(*std::move(found));
  if (found.error().code == ErrorCode::not_found) return std::optional<T>();
  return tl::unexpected<Error>(std::move(found).error());
}

}  // namespace

bool FeedRenderer::first_touch(std::string_view kind, const Which& which) {
  return !full() && touched_.emplace(kind, which).second;
}

void FeedRenderer::upsert(std::string_view kind, std::string id, json::object value) {
  model::FeedEntry entry{std::string(kind), std::move(id), std::move(value)};
  if (take_ != nullptr) return (*take_)(std::move(entry));
  range_.upserts.push_back(std::move(entry));
}

void FeedRenderer::remove(std::string_view kind, std::string id) {
  range_.removals.push_back({std::string(kind), std::move(id), {}});
}

Result<> FeedRenderer::everything(const Take& take) {
  take_ = &take;
  GH_TRY(policies, store_.policies());
  for (const model::KnownPolicy& policy : policies) upsert("policy", policy.id, to_json(policy));
  GH_CHECK(add_signing_keys());
  GH_CHECK(add_key_managers());
  GH_TRY(applications, store_.applications());
  for (const model::KnownApplication& application : applications) {
    GH_CHECK(touch_application({application.tenant, application.id}));
  }
  GH_TRY(apis, store_.apis());
  for (const storage::DeployedRow& api : apis) GH_CHECK(add_api(api));
  GH_TRY(subscriptions, store_.subscriptions());
  for (const model::KnownSubscription& subscription : subscriptions) {
    upsert("subscription", subscription.id, to_json(subscription));
  }
  return {};
}

Result<model::FeedRange> FeedRenderer::changed(const std::vector<storage::LoggedChange>& changes,
                                               std::size_t entries_max) {
  entries_max_ = entries_max;
  for (const storage::LoggedChange& change : changes) GH_CHECK(touch(change.change));
  return std::move(range_);
}

Result<> FeedRenderer::add_api(const storage::DeployedRow& row) {
  const auto domain = view_.domains.find(row.tenant);
  if (domain == view_.domains.end()) {
    remove("api", row.api_id);
    return {};
  }
  auto api = deployed_api(row.document);
  if (!api) {
    // One document that nobody can serve must not stop the others.
    log_error("API {} cannot be served: {}", row.api_id, api.error().message);
    return {};
  }
  api->id = row.api_id;
  api->tenant = row.tenant;
  api->tenant_domain = domain->second;
  api->revision_id = row.revision_id;
  api->vhost = row.vhost;
  api->environment = row.environment;
  api->state = row.state;
  api->is_default_version = row.is_default_version;
  GH_CHECK(keep_served_keys(*api));
  GH_CHECK(add_certificates(*api));
  upsert("api", row.api_id, to_json(*api));
  return {};
}

Result<> FeedRenderer::keep_served_keys(model::DeployedApi& api) {
  const Which which{api.tenant, api.environment};
  auto known = environments_.find(which);
  if (known == environments_.end()) {
    GH_TRY(environment,
           if_found(
               storage::EnvironmentStore(transaction_, api.tenant).find_by_name(api.environment)));
    known = environments_.emplace(which, std::move(environment)).first;
  }
  const std::optional<storage::EnvironmentRow>& environment = known->second;
  if (!environment) return {};
  if (!environment->serves(model::KeyType::production)) api.production.urls.clear();
  if (!environment->serves(model::KeyType::sandbox)) api.sandbox.urls.clear();
  return {};
}

Result<> FeedRenderer::add_certificates(model::DeployedApi& api) {
  const auto known = certificates_.find(api.tenant);
  if (known == certificates_.end()) {
    GH_TRY(listed, storage::EndpointCertificateStore(transaction_, api.tenant)
                       .list({}, storage::Window{0, INT64_MAX}));
    certificates_[api.tenant] = std::move(listed.items);
  }
  for (const storage::EndpointCertificate& certificate : certificates_[api.tenant]) {
    const std::string origin = tls_origin(certificate.endpoint);
    for (const std::string& url : urls_of(api)) {
      if (tls_origin(url) == origin) {
        api.backend_certificates.push_back({url, certificate.certificate});
      }
    }
  }
  GH_TRY(shown, storage::ClientCertificateStore(transaction_, api.tenant).of_api(api.id));
  for (const storage::ClientCertificate& each : shown) {
    const Result<jose::Certificate> read = jose::read_certificate(each.certificate);
    if (!read) {
      log_error("Certificate {} of API {} cannot be read: {}", each.alias, api.id,
                read.error().message);
      continue;
    }
    api.client_certificates.push_back(
        {each.thumbprint, each.key_type, each.tier, read->not_before, read->not_after});
  }
  return {};
}

Result<> FeedRenderer::add_signing_keys() {
  GH_TRY(keys, storage::SigningKeyStore(transaction_).list());
  for (const storage::SigningKeyRow& key : keys) {
    upsert("signing_key", key.kid, value_of(key, view_.issuer));
  }
  return {};
}

Result<> FeedRenderer::add_key_managers() {
  GH_TRY(managers, storage::all_key_managers(transaction_));
  for (const storage::KeyManagerRow& manager : managers) {
    if (manager.enabled) {
      upsert("key_manager", manager.id, to_json(storage::known_key_manager(manager)));
    }
  }
  return {};
}

Result<> FeedRenderer::touch(const model::Change& change) {
  const Which which{change.tenant, change.id};
  switch (change.kind) {
    case ChangeKind::api: return touch_api(change);
    case ChangeKind::subscription: return touch_subscription(which);
    case ChangeKind::application: return touch_application(which);
    case ChangeKind::key_mapping: return touch_key_mapping(which);
    case ChangeKind::policy: return touch_policy(which);
    case ChangeKind::api_key: return touch_api_key(which);
    case ChangeKind::signing_key: return touch_signing_key(which);
    case ChangeKind::key_manager: return touch_key_manager(which);
    case ChangeKind::tenant: return touch_tenant(change.tenant);
    case ChangeKind::user: return {};  // gateways hear of users through revocations
  }
  GH_ASSERT_NOT_REACHED();
}

Result<> FeedRenderer::touch_api(const model::Change& change) {
  const bool served_before = overlap(change.environments_before, view_.environments);
  const bool served_after = overlap(change.environments_after, view_.environments);
  if (!served_before && !served_after) return {};
  const Which which{change.tenant, change.id};
  GH_TRY(found, store_.apis(which));
  if (first_touch("api", which)) {
    if (found.empty()) {
      remove("api", which.id);
    } else {
      GH_CHECK(add_api(found.front()));
    }
  }
  if (!found.empty() && served_before) return {};
  GH_TRY(subscribers, store_.subscribers_of(which));
  for (const storage::FeedStore::Subscriber& subscriber : subscribers) {
    GH_CHECK(touch_subscription({which.tenant, subscriber.subscription_id}));
    GH_CHECK(touch_application({which.tenant, subscriber.application_id}));
  }
  return {};
}

Result<> FeedRenderer::touch_subscription(const Which& which) {
  if (!first_touch("subscription", which)) return {};
  GH_TRY(found, store_.subscriptions(which));
  if (found.empty()) {
    remove("subscription", which.id);
    return {};
  }
  upsert("subscription", which.id, to_json(found.front()));
  // It may be the first one of its application here.
  return touch_application({which.tenant, found.front().application_id});
}

Result<> FeedRenderer::touch_application(const Which& which) {
  if (!first_touch("application", which)) return {};
  GH_TRY(found, store_.applications(which));
  if (found.empty()) {
    remove("application", which.id);
  } else {
    upsert("application", which.id, to_json(found.front()));
  }
  return add_keys(which);
}

// The keys of an application come and go with it.
Result<> FeedRenderer::add_keys(const Which& application) {
  GH_TRY(mappings, storage::KeyMappingStore(transaction_).list(application.tenant, application.id));
  for (const storage::KeyMapping& mapping : mappings) {
    GH_CHECK(touch_key_mapping({application.tenant, mapping.id}));
  }
  GH_TRY(keys,
         storage::ApiKeyStore(transaction_, application.tenant).of_application(application.id));
  for (const std::string& key : keys) GH_CHECK(touch_api_key({application.tenant, key}));
  return {};
}

Result<> FeedRenderer::touch_key_mapping(const Which& which) {
  if (!first_touch("key_mapping", which)) return {};
  GH_TRY(mapping, if_found(storage::KeyMappingStore(transaction_).find(which.tenant, which.id)));
  if (mapping) {
    GH_TRY(known, store_.applications(Which{which.tenant, mapping->application_id}));
    if (!known.empty()) {
      upsert("key_mapping", which.id, value_of(*mapping));
      return {};
    }
  }
  remove("key_mapping", which.id);
  return {};
}

Result<> FeedRenderer::touch_api_key(const Which& which) {
  if (!first_touch("api_key", which)) return {};
  GH_TRY(key, if_found(storage::ApiKeyStore(transaction_, which.tenant).find(which.id)));
  if (key) {
    GH_TRY(known, store_.applications(Which{which.tenant, key->application_id}));
    if (!known.empty()) {
      upsert("api_key", which.id, value_of(*key, known.front()));
      return {};
    }
  }
  remove("api_key", which.id);
  return {};
}

Result<> FeedRenderer::touch_policy(const Which& which) {
  if (!first_touch("policy", which)) return {};
  GH_TRY(found, store_.policies(which));
  if (found.empty()) {
    remove("policy", which.id);
  } else {
    upsert("policy", which.id, to_json(found.front()));
  }
  return {};
}

Result<> FeedRenderer::touch_tenant(model::TenantNumber tenant) {
  GH_TRY(ids, store_.api_ids(tenant));
  for (const std::string& id : ids) {
    if (!first_touch("api", {tenant, id})) continue;
    GH_TRY(found, store_.apis(Which{tenant, id}));
    if (!found.empty()) GH_CHECK(add_api(found.front()));
  }
  return {};
}

Result<> FeedRenderer::touch_signing_key(const Which& which) {
  if (!first_touch("signing_key", which)) return {};
  GH_TRY(keys, storage::SigningKeyStore(transaction_).list());
  for (const storage::SigningKeyRow& key : keys) {
    if (key.kid != which.id || key.tenant != which.tenant) continue;
    upsert("signing_key", key.kid, value_of(key, view_.issuer));
    return {};
  }
  remove("signing_key", which.id);
  return {};
}

Result<> FeedRenderer::touch_key_manager(const Which& which) {
  if (!first_touch("key_manager", which)) return {};
  GH_TRY(manager, if_found(storage::KeyManagerStore(transaction_, which.tenant).find(which.id)));
  if (manager && manager->enabled) {
    upsert("key_manager", which.id, to_json(storage::known_key_manager(*manager)));
  } else {
    remove("key_manager", which.id);
  }
  return {};
}

}  // namespace gatehouse::publisher
