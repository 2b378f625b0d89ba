// SPDX-License-Identifier: Apache-2.0
#include "gateway/snapshot.h"

#include "core/log.h"

namespace gatehouse::gateway {

std::shared_ptr<const Snapshot> Snapshot::with(const model::FeedRange& range) const {
  const auto next = std::make_shared<Snapshot>(*this);
  next->apply(range);
  return next;
}

Snapshot::Filling::Filling(const Snapshot& before) : next_(std::make_shared<Snapshot>()) {
  next_->trust_ = before.trust_;
  next_->edit_ = before.edit_ + 1;
  next_->next_number_ = before.next_number_;
}

void Snapshot::Filling::add(std::string_view kind, const json::object& value) {
  next_->upsert(kind, value);
}

std::shared_ptr<const Snapshot> Snapshot::Filling::finish(const model::FeedRange& range) {
  next_->tag_ = range.tag;
  next_->number_ = range.to;
  next_->revocation_ = range.revocation;
  return std::move(next_);
}

std::shared_ptr<const Snapshot> Snapshot::replaced_by(const model::FeedRange& range) const {
  Filling filling(*this);
  for (const model::FeedEntry& entry : range.upserts) filling.add(entry.kind, entry.value);
  return filling.finish(range);
}

void Snapshot::apply(const model::FeedRange& range) {
  ++edit_;
  tag_ = range.tag;
  number_ = range.to;
  revocation_ = range.revocation;
  for (const model::FeedEntry& entry : range.removals) remove(entry);
  for (const model::FeedEntry& entry : range.upserts) upsert(entry.kind, entry.value);
}

void Snapshot::upsert(std::string_view kind, const json::object& value) {
  const Result<void> done = upsert_kind(kind, value);
  if (done) return;
  log_error("Feed: {} {} left out: {}", kind, text_or(value, "id", text_or(value, "kid", "")),
            done.error().message);
}

// A kind of a newer control plane is not an error: this gateway serves without it.
Result<void> Snapshot::upsert_kind(std::string_view kind, const json::object& value) {
  if (kind == "api") {
    GH_TRY(api, model::deployed_api_from(value));
    upsert_api(std::move(api));
  } else if (kind == "application") {
    GH_TRY(known, model::known_application_from(value));
    applications_.upsert(edit_,
                         std::make_shared<const Application>(std::move(known), next_number_++));
  } else if (kind == "key_mapping") {
    GH_TRY(known, model::known_key_mapping_from(value));
    key_mappings_.upsert(edit_, std::make_shared<const KeyMapping>(std::move(known)));
  } else if (kind == "subscription") {
    GH_TRY(known, model::known_subscription_from(value));
    subscriptions_.upsert(edit_, std::make_shared<const Subscription>(std::move(known)));
  } else if (kind == "policy") {
    GH_TRY(known, model::known_policy_from(value));
    policies_.upsert(edit_, std::make_shared<const Policy>(std::move(known)));
  } else if (kind == "api_key") {
    GH_TRY(known, model::known_api_key_from(value));
    api_keys_.upsert(edit_, std::make_shared<const ApiKey>(std::move(known)));
  } else if (kind == "signing_key") {
    GH_TRY(known, model::known_signing_key_from(value));
    GH_TRY(key, jose::PublicKey::from_jwk(known.jwk));
    signing_keys_.upsert(edit_, std::make_shared<const SigningKey>(known, std::move(key)));
    collect_keys();
  } else if (kind == "key_manager") {
    GH_TRY(known, model::known_key_manager_from(value));
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

void Snapshot::for_each(const Visit& visit) const {
  bool goes_on = true;
  const auto add_all = [&](std::string_view kind, const auto& table) {
    table.for_each([&](const auto& thing) {
      goes_on = goes_on && visit(kind, thing->id(), to_json(thing->known));
    });
  };
  apis_.for_each([&](const auto& api) {
    goes_on = goes_on && visit("api", api->deployed.id, to_json(api->deployed));
  });
  add_all("application", applications_);
  add_all("key_mapping", key_mappings_);
  add_all("subscription", subscriptions_);
  add_all("policy", policies_);
  add_all("api_key", api_keys_);
  add_all("signing_key", signing_keys_);
  add_all("key_manager", key_managers_);
}

model::FeedRange Snapshot::whole() const {
  model::FeedRange range;
  range.tag = tag_;
  range.to = number_;
  range.revocation = revocation_;
  for_each([&range](std::string_view kind, const std::string& id, json::object value) {
    range.upserts.push_back({std::string(kind), id, std::move(value)});
    return true;
  });
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
