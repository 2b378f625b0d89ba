// SPDX-License-Identifier: Apache-2.0
//
// Looks after the users of directories between their logins: asks each directory, once in an
// interval, for the people who are users of ours. Whoever is gone or disabled there departs here:
// tokens, refresh tokens and sessions end at once. Names, e-mail addresses and roles follow.
// A directory that does not answer changes nothing.
//
// Thread:  tick() from one thread at a time; a round runs on a thread of its own. Each node makes
//          rounds; a second one finds nothing to do.
// Memory:  people of one page.
#pragma once

#include <atomic>

#include "keymanager/ldap_people.h"
#include "keymanager/ldap_user_store.h"
#include "keymanager/revocations.h"

namespace gatehouse::keymanager {

class LdapWatch {
 public:
  LdapWatch(const Resources& resources, LdapUserStore& stores, Revocations& revocations,
            std::chrono::seconds interval);
  ~LdapWatch();

  // Every second: begins a round whose time has come, and does not wait for it.
  Result<> tick();
  // Asks every directory of every tenant now.
  Result<> round();

 private:
  Result<> follow_store(model::TenantNumber tenant, const storage::UserStoreRow& row);
  Result<> follow_page(const LdapPeople::Origin& origin, LdapDirectory& directory,
                       const std::vector<storage::LinkedUser>& page);
  Result<> end(model::TenantNumber tenant, const std::string& user_id);

  const Resources resources_;
  LdapUserStore& stores_;
  Revocations& revocations_;
  const std::chrono::seconds interval_;
  LdapPeople people_;

  Instant next_{};  // of tick()
  std::atomic<bool> running_{false};
  std::atomic<bool> stopping_{false};

  net::Pool pool_;  // last: its job ends first
};

}  // namespace gatehouse::keymanager
