// SPDX-License-Identifier: Apache-2.0
//
// Users of the directories that tenants have set up (storage/users/user_store_settings.h).
//
// A person who logs in for the first time becomes a user of ours, with an immutable id and without
// a password; each login, and ldap_watch.h between them, brings name, e-mail address and roles up
// to date. A user who has a password here is never looked for in a directory, so a directory cannot
// take over an account of ours; one without a password (made by SCIM) is taken for the person of
// that name.
//
// Thread:  as UserStore. Directories are asked on a pool of their own, and nobody waits longer than
//          `answer_max`; what a job still does then ends by the limits of its connection.
// Memory:  one LdapDirectory for each row that has been asked.
#pragma once

#include <mutex>
#include <unordered_map>

#include "keymanager/account_lock.h"
#include "keymanager/ldap_people.h"
#include "keymanager/user_store.h"
#include "storage/users/user_store_settings.h"

namespace gatehouse::keymanager {

class LdapUserStore final : public UserStore {
 public:
  static constexpr std::chrono::seconds answer_max{3};

  LdapUserStore(const Resources& resources, const Directory& directory);

  Result<Account> authenticate(const std::string& name, const std::string& password,
                               Place place) override;

  using Shared = std::shared_ptr<LdapDirectory>;
  Result<Shared> directory_of(model::TenantNumber tenant, const storage::UserStoreRow& row);

 private:
  // What our tables say before a directory is asked.
  struct Question {
    storage::Tenant tenant;
    std::string name;  // without the tenant's domain
    std::optional<Account> known;
    std::vector<storage::UserStoreRow> stores;
  };
  Result<Question> question_of(const std::string& name) const;

  Result<LdapDirectory::Outcome> ask(Shared directory, const std::string& name,
                                     const std::string& password);
  Result<Account> adopt(const Question& question, const storage::UserStoreRow& row,
                        const LdapDirectory& directory, const Person& person, Place place);

  const Resources resources_;
  const Directory& directory_;
  AccountLock lock_;
  LdapPeople people_;

  std::mutex mutex_;
  struct Known {
    std::int64_t version;
    Shared directory;
  };
  std::unordered_map<std::string, Known> directories_;  // by id of the row; guarded by mutex_

  net::Pool pool_;  // last: its jobs end first
};

}  // namespace gatehouse::keymanager
