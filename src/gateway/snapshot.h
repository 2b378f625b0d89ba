// SPDX-License-Identifier: Apache-2.0
//
// Everything that a gateway knows of the control plane at one number of the change log.
//
// A snapshot is immutable; a change makes the next one, which shares whatever did not change.
//
// Thread:  immutable; one thread makes the next ones.
// Cost:    a change costs what it touches, whatever the number of APIs; a look-up is a few pointers
//          and no atomics.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/known.h"
#include "gateway/persistent_table.h"
#include "gateway/route_table.h"
#include "jose/key_set.h"
#include "model/snapshot.h"

namespace gatehouse::gateway {

// Things of one kind, by id for the feed and by name for requests.
template <typename T>
class KnownTable {
 public:
  void upsert(Edit edit, std::shared_ptr<const T> thing) {
    remove(edit, thing->id());
    const auto has_its_name = [&](const T& there) { return there.has_name_of(*thing); };
    by_name_.set(edit, thing->name_hash(), has_its_name, thing);
    const auto has_its_id = [&](const T& there) { return there.id() == thing->id(); };
    by_id_.set(edit, hash_of(thing->id()), has_its_id, thing);
  }
  // The name may have gone over to another thing meanwhile: then it stays.
  void remove(Edit edit, std::string_view id) {
    const auto has_id = [&](const T& there) { return there.id() == id; };
    const auto gone = by_id_.share(hash_of(id), has_id);
    if (!gone) return;
    by_id_.erase(edit, hash_of(id), has_id);
    by_name_.erase(edit, gone->name_hash(), has_id);
  }
  template <typename IsIt>
  const T* find(std::uint64_t name_hash, IsIt&& is_it) const {
    return by_name_.find(name_hash, is_it);
  }
  template <typename Visit>
  void for_each(Visit&& visit) const {
    by_id_.for_each(visit);
  }
  std::size_t size() const { return by_id_.size(); }

 private:
  PersistentTable<T> by_id_;
  PersistentTable<T> by_name_;
};

class Snapshot {
 public:
  // At number 0, of no history. `trust` is for backends behind https.
  explicit Snapshot(TlsTrust trust = nullptr)
      : trust_(std::make_shared<BackendTrust>(std::move(trust))) {}

  // This one with `range` applied. An entry that this gateway cannot read is logged and left out,
  // so that one bad thing does not stop the rest.
  std::shared_ptr<const Snapshot> with(const model::FeedRange& range) const;
  // What `range` says and nothing else.
  std::shared_ptr<const Snapshot> replaced_by(const model::FeedRange& range) const;

  // Takes in everything of another snapshot, thing by thing, so that no list of a million is needed
  // beside it.
  class Filling {
   public:
    // `before` is what it replaces.
    explicit Filling(const Snapshot& before);

    // As in a range: what cannot be read is logged and left out.
    void add(std::string_view kind, const json::object& value);
    // The end of it; nothing is added any more. Of `range` what stands beside its lists.
    std::shared_ptr<const Snapshot> finish(const model::FeedRange& range);

   private:
    std::shared_ptr<Snapshot> next_;
  };

  // The same as one range from 0.
  model::FeedRange whole() const;
  // Everything as the feed would send it, in no order, until `visit` is false.
  using Visit = std::function<bool(std::string_view kind, const std::string& id, json::object)>;
  void for_each(const Visit& visit) const;

  const std::string& tag() const { return tag_; }
  std::uint64_t number() const { return number_; }
  std::uint64_t revocation() const { return revocation_; }
  std::size_t api_count() const { return apis_.size(); }

  const RouteTable& routes() const { return routes_; }
  const Application* application(std::string_view id, std::uint64_t id_hash) const;
  const KeyMapping* key_mapping(const ClientName& name) const;
  const Subscription* subscription(const Api& api, const Application& application) const;
  const Policy* policy(const PolicyName& name) const;
  // `hash`: SHA-256 of the key in lower-case hexadecimal.
  const ApiKey* api_key(std::string_view hash) const;
  // {"tenant","id","at_ms"} of each key that was used at `since_ms` or later.
  json::array api_keys_used(std::int64_t since_ms) const;
  const SigningKey* signing_key(std::string_view kid) const;
  const jose::KeySet& key_set() const { return *key_set_; }
  // Other servers whose tokens a tenant takes.
  // The tenant's own, else everybody's.
  const KeyManager* key_manager(model::TenantNumber tenant, std::string_view name) const;
  const KeyManager* key_manager_of_issuer(model::TenantNumber tenant,
                                          std::string_view issuer) const;
  bool has_key_managers() const { return key_managers_.size() > 0; }

 private:
  void apply(const model::FeedRange& range);
  void upsert(std::string_view kind, const json::object& value);
  void remove(const model::FeedEntry& entry);
  Result<void> upsert_kind(std::string_view kind, const json::object& value);
  void upsert_api(model::DeployedApi deployed);
  void remove_api(std::string_view id);
  void collect_keys();
  void collect_issuers();

  std::shared_ptr<BackendTrust> trust_;  // of all snapshots of one history; for making APIs only
  std::string tag_;
  std::uint64_t number_ = 0;
  std::uint64_t revocation_ = 0;
  Edit edit_ = 0;
  std::uint32_t next_number_ = 1;

  PersistentTable<Api> apis_;
  RouteTable routes_;
  KnownTable<Application> applications_;
  KnownTable<KeyMapping> key_mappings_;
  KnownTable<Subscription> subscriptions_;
  KnownTable<Policy> policies_;
  KnownTable<ApiKey> api_keys_;
  KnownTable<SigningKey> signing_keys_;
  KnownTable<KeyManager> key_managers_;
  using Issuers = std::map<std::pair<model::TenantNumber, std::string>,
                           std::shared_ptr<const KeyManager>, std::less<>>;
  std::shared_ptr<const Issuers> issuers_ = std::make_shared<const Issuers>();
  std::shared_ptr<const jose::KeySet> key_set_ = std::make_shared<const jose::KeySet>();
};

}  // namespace gatehouse::gateway
