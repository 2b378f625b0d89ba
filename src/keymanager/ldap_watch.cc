// SPDX-License-Identifier: Apache-2.0
#include "keymanager/ldap_watch.h"

#include <algorithm>

#include "core/log.h"

namespace gatehouse::keymanager {

namespace {

using storage::LinkedUser;
using storage::Transaction;
using storage::UserStoreRow;
using storage::UserStoreSettings;

}  // namespace

LdapWatch::LdapWatch(const Resources& resources, LdapUserStore& stores, Revocations& revocations,
                     std::chrono::seconds interval)
    : resources_(resources),
      stores_(stores),
      revocations_(revocations),
      interval_(interval),
      people_(resources),
      pool_({.name = "directory-watch", .threads = 1, .queue_max = 1}) {}

LdapWatch::~LdapWatch() { stopping_ = true; }

Result<> LdapWatch::tick() {
  const Instant now = resources_.clock.now();
  if (now < next_ || running_.exchange(true)) return {};
  next_ = now + interval_;
  const Result<> begun = pool_.submit([this] {
    const Result<> done = round();
    if (!done) {
      log_warning("directories: {}: {}", done.error().message, done.error().detail);
    }
    running_ = false;
  });
  if (!begun) running_ = false;
  return begun;
}

Result<> LdapWatch::round() {
  GH_TRY(tenants, resources_.users.read([](Transaction& transaction) {
    return transaction.query("SELECT tenant_id FROM um_tenant WHERE active = 1");
  }));
  for (const storage::Row& tenant : tenants) {
    const model::TenantNumber number = tenant.number(0);
    GH_TRY(rows, resources_.users.read([&](Transaction& transaction) {
      return UserStoreSettings(transaction, number).list();
    }));
    for (const UserStoreRow& row : rows) {
      const Result<> followed = follow_store(number, row);
      if (followed) continue;
      log_warning("user store {}: {} ({})", row.name, followed.error().message,
                  followed.error().detail);
    }
  }
  return {};
}

Result<> LdapWatch::follow_store(model::TenantNumber tenant, const UserStoreRow& row) {
  GH_TRY(directory, stores_.directory_of(tenant, row));
  if (!directory->settings().enabled) return {};
  const LdapPeople::Origin origin{tenant, row, directory->settings()};
  std::string after;
  while (!stopping_) {
    GH_TRY(page, resources_.users.read([&](Transaction& transaction) {
      return UserStoreSettings(transaction, tenant)
          .linked({row.id, after}, LdapDirectory::look_up_max);
    }));
    if (page.empty()) return {};
    after = page.back().external_id;
    GH_CHECK(follow_page(origin, *directory, page));
  }
  return {};
}

Result<> LdapWatch::follow_page(const LdapPeople::Origin& origin, LdapDirectory& directory,
                                const std::vector<LinkedUser>& page) {
  std::vector<std::string> ids;
  for (const LinkedUser& user : page) ids.push_back(user.external_id);
  GH_TRY(people, directory.look_up(ids));
  for (const LinkedUser& user : page) {
    const auto person = std::ranges::find(people, user.external_id, &Person::external_id);
    const bool there = person != people.end() && !person->disabled;
    const Result<> done =
        there ? people_.follow(origin, *person, user.user_id) : end(origin.tenant, user.user_id);
    // Whoever was removed meanwhile needs nothing more, and one user's trouble stops no other's.
    if (done || done.error().code == ErrorCode::not_found) continue;
    log_warning("user {}: {}: {}", user.user_id, done.error().message, done.error().detail);
  }
  return {};
}

// Tokens first: were they left behind, they would come back with the user.
Result<> LdapWatch::end(model::TenantNumber tenant, const std::string& user_id) {
  GH_TRY(due, people_.would_depart(tenant, user_id));
  if (!due) return {};
  GH_CHECK(revocations_.revoke_user(tenant, user_id));
  GH_CHECK(people_.depart(tenant, user_id));
  log_info("user {} is no longer let in by their directory", user_id);
  return {};
}

}  // namespace gatehouse::keymanager
