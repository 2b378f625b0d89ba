// SPDX-License-Identifier: Apache-2.0
//
// People of directories as users of ours: what a login makes of them, and what becomes of them when
// the directory changes. Nothing is written where the directory says what we know; what differs is
// written in one transaction, and what the user owns takes over another name with the outbox.
//
// Thread:  pool threads, outside of any transaction; the class holds no state of its own.
#pragma once

#include "keymanager/directory.h"
#include "keymanager/ldap_directory.h"
#include "keymanager/options.h"
#include "storage/users/user_store_settings.h"

namespace gatehouse::keymanager {

class LdapPeople {
 public:
  explicit LdapPeople(const Resources& resources) : resources_(resources) {}

  // Whose person it is, and in which directory.
  struct Origin {
    model::TenantNumber tenant = model::first_tenant;
    const storage::UserStoreRow& row;
    const storage::LdapSettings& settings;
  };

  // The user that the person is, made or linked where there was none, with the name, the e-mail
  // address and the roles that the directory says. Who had departed is back.
  // Error: unauthenticated, when another person's user has the name.
  Result<storage::User> adopt(const Origin& origin, const Person& person);

  // The same for somebody who is linked to that user already and is there, whether or not they log
  // in.
  Result<> follow(const Origin& origin, const Person& person, const std::string& user_id);

  // The directory no longer lets the user in. Tokens and sessions must have been taken back before.
  // Returns whether there was something to do.
  Result<bool> depart(model::TenantNumber tenant, const std::string& user_id);
  Result<bool> would_depart(model::TenantNumber tenant, const std::string& user_id) const;

 private:
  const Resources resources_;
};

}  // namespace gatehouse::keymanager
