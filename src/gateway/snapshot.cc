// SPDX-License-Identifier: Apache-2.0
#include "gateway/snapshot.h"

#include "core/log.h"

namespace gatehouse::gateway {

std::shared_ptr<const Snapshot> Snapshot::with(const model::FeedRange& range) const {
  const auto next = std::make_shared<Snapshot>(*this);
  next->apply(range);
  return next;
}

std::shared_ptr<const Snapshot> Snapshot::replaced_by(const model::FeedRange& range) const {
  const auto next = std::make_shared<Snapshot>();
  next->trust_ = trust_;
  next->edit_ = edit_;
  next->next_number_ = next_number_;
  next->apply(range);
  return next;
}

void Snapshot::apply(const model::FeedRange& range) {
  ++edit_;
  tag_ = range.tag;
  number_ = range.to;
  revocation_ = range.revocation;
  for (const model::FeedEntry& entry : range.removals) remove(entry);
  for (const model::FeedEntry& entry : range.upserts) upsert(entry);
}

void Snapshot::upsert(const model::FeedEntry& entry) {
  const Result<void> done = upsert_kind(entry);
  if (!done) log_error("Feed: {} {} left out: {}", entry.kind, entry.id, done.error().message);
}

// A kind of a newer control plane is not an error: this gateway serves without it.
Result<void> Snapshot::upsert_kind(const model::FeedEntry& entry) {
  if (entry.kind == "api") {
    GH_TRY(api, model::deployed_api_from(entry.value));
    upsert_api(std::move(api));
  } else if (entry.kind == "application") {
    GH_TRY(known, model::known_application_from(entry.value));
    applications_.upsert(edit_, std::make_shared<const Application>(known, next_number_++));
  } else if (entry.kind == "key_mapping") {
    GH_TRY(known, model::known_key_mapping_from(entry.value));
    key_mappings_.upsert(edit_, std::make_shared<const KeyMapping>(known));
  } else if (entry.kind == "subscription") {
    GH_TRY(known, model::known_subscription_from(entry.value));
    subscriptions_.upsert(edit_, std::make_shared<const Subscription>(known));
  } else if (entry.kind == "policy") {
    GH_TRY(known, model::known_policy_from(entry.value));
    policies_.upsert(edit_, std::make_shared<const Policy>(known));
  } else if (entry.kind == "api_key") {
    GH_TRY(known, model::known_api_key_from(entry.value));
    api_keys_.upsert(edit_, std::make_shared<const ApiKey>(known));
  } else if (entry.kind == "signing_key") {
    GH_TRY(known, model::known_signing_key_from(entry.value));
    GH_TRY(key, jose::PublicKey::from_jwk(known.jwk));
    signing_keys_.upsert(edit_, std::make_shared<const SigningKey>(known, std::move(key)));
    collect_keys();
  } else if (entry.kind == "key_manager") {
    GH_TRY(known, model::known_key_manager_from(entry.value));
    const Result<jose::KeySet> keys = jose::KeySet::from_json(known.key_set);
    key_managers_.upsert(edit_,
                         std::make_shared<const KeyManager>(known, keys ? *keys : jose::KeySet()));
    collect_issuers();
  }
  return {};
}

void Snapshot::remove(const model::FeedEntry& entry) {
  if (entry.kind == "api") {
    remove_api(entry.id);
  } else if (entry.kind == "application") {
    applications_.remove(edit_, entry.id);
  } else if (entry.kind == "key_mapping") {
    key_mappings_.remove(edit_, entry.id);
  } else if (entry.kind == "subscription") {
    subscriptions_.remove(edit_, entry.id);
  } else if (entry.kind == "policy") {
    policies_.remove(edit_, entry.id);
  } else if (entry.kind == "api_key") {
    api_keys_.remove(edit_, entry.id);
  } else if (entry.kind == "signing_key") {
    signing_keys_.remove(edit_, entry.id);
    collect_keys();
  } else if (entry.kind == "key_manager") {
    key_managers_.remove(edit_, entry.id);
    collect_issuers();
  }
}

void Snapshot::upsert_api(model::DeployedApi deployed) {
  remove_api(deployed.id);
  const auto api = std::make_shared<const Api>(std::move(deployed), *trust_, next_number_);
  routes_.add(edit_, api);
  const auto has_its_id = [&](const Api& there) { return there.deployed.id == api->deployed.id; };
  apis_.set(edit_, api->id_hash, has_its_id, api);
}

void Snapshot::remove_api(std::string_view id) {
  const auto has_id = [id](const Api& there) { return there.deployed.id == id; };
  const auto gone = apis_.share(hash_of(id), has_id);
  if (!gone) return;
  routes_.remove(edit_, *gone);
  apis_.erase(edit_, gone->id_hash, has_id);
}

void Snapshot::collect_keys() {
  auto keys = std::make_shared<jose::KeySet>();
  signing_keys_.for_each(
      [&](const std::shared_ptr<const SigningKey>& key) { keys->add(key->key); });
  key_set_ = std::move(keys);
}

void Snapshot::collect_issuers() {
  auto issuers = std::make_shared<Issuers>();
  key_managers_.for_each([&](const std::shared_ptr<const KeyManager>& manager) {
    if (manager->known.issuer.empty()) return;
    issuers->emplace(std::pair(manager->known.tenant, manager->known.issuer), manager);
  });
  issuers_ = std::move(issuers);
}

model::FeedRange Snapshot::whole() const {
  model::FeedRange range;
  range.tag = tag_;
  range.to = number_;
  range.revocation = revocation_;
  const auto add = [&range](const char* kind, const std::string& id, json::object value) {
    range.upserts.push_back({kind, id, std::move(value)});
  };
  apis_.for_each([&](const auto& api) { add("api", api->deployed.id, to_json(api->deployed)); });
  const auto add_all = [&add](const char* kind, const auto& table) {
    table.for_each([&](const auto& thing) { add(kind, thing->id(), to_json(thing->known)); });
  };
  add_all("application", applications_);
  add_all("key_mapping", key_mappings_);
  add_all("subscription", subscriptions_);
  add_all("policy", policies_);
  add_all("api_key", api_keys_);
  add_all("signing_key", signing_keys_);
  add_all("key_manager", key_managers_);
  return range;
}

const Application* Snapshot::application(std::string_view id, std::uint64_t id_hash) const {
  return applications_.find(id_hash, [id](const Application& there) { return there.id() == id; });
}

const KeyMapping* Snapshot::key_mapping(const ClientName& name) const {
  return key_mappings_.find(name.hash(),
                            [&](const KeyMapping& there) { return there.name() == name; });
}

const Subscription* Snapshot::subscription(const Api& api, const Application& application) const {
  return subscriptions_.find(hash_of(api.id_hash, application.id_hash),
                             [&](const Subscription& there) {
                               return there.known.api_id == api.deployed.id &&
                                      there.known.application_id == application.known.id;
                             });
}

const Policy* Snapshot::policy(const PolicyName& name) const {
  if (name.none()) return nullptr;
  return policies_.find(name.hash, [&](const Policy& there) { return there.is_called(name); });
}

const ApiKey* Snapshot::api_key(std::string_view hash) const {
  return api_keys_.find(hash_of(hash),
                        [hash](const ApiKey& there) { return there.known.hash == hash; });
}

json::array Snapshot::api_keys_used(std::int64_t since_ms) const {
  json::array used;
  api_keys_.for_each([&](const std::shared_ptr<const ApiKey>& key) {
    const std::int64_t at = key->used_at_ms.load(std::memory_order_relaxed);
    if (at < since_ms || at == 0) return;
    used.push_back(json::object{{"tenant", key->known.tenant}, {"id", key->id()}, {"at_ms", at}});
  });
  return used;
}

const SigningKey* Snapshot::signing_key(std::string_view kid) const {
  return signing_keys_.find(hash_of(kid),
                            [kid](const SigningKey& there) { return there.known.kid == kid; });
}

const KeyManager* Snapshot::key_manager(model::TenantNumber tenant, std::string_view name) const {
  const std::uint64_t hash = hash_of(static_cast<std::uint64_t>(tenant), hash_of(name));
  const KeyManager* own = key_managers_.find(hash, [&](const KeyManager& there) {
    return there.known.tenant == tenant && there.known.name == name;
  });
  if (own != nullptr || tenant == model::every_tenant) return own;
  return key_manager(model::every_tenant, name);
}

const KeyManager* Snapshot::key_manager_of_issuer(model::TenantNumber tenant,
                                                  std::string_view issuer) const {
  const auto found = issuers_->find(std::pair(tenant, std::string(issuer)));
  if (found != issuers_->end()) return found->second.get();
  return tenant == model::every_tenant ? nullptr
                                       : key_manager_of_issuer(model::every_tenant, issuer);
}

}  // namespace gatehouse::gateway
