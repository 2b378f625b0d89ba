// SPDX-License-Identifier: Apache-2.0
//
// Which of the scopes that somebody asks for he may hold now. What he may not hold, and what nobody
// knows, is left out without an error, as WSO2 does.
//
// A scope of our REST APIs needs one of its roles (um_scope_role) and a user. A scope that APIs
// define (am_api_scope) needs a role of every API that defines it, so that nobody lowers another's
// bar by defining the same name; and a name of ours cannot be defined by an API at all. A guest
// holds no scope of APIs: they are those of the client's tenant, and his roles mean something at
// home only.
//
// Thread:  pool threads; at most one read of each database, none without scopes.
#pragma once

#include <string>
#include <vector>

#include "keymanager/directory.h"
#include "storage/database.h"

namespace gatehouse::keymanager {

// Who wants to hold scopes: a user, a user at a client of another tenant, or an application with
// the roles of its owner.
enum class HolderKind : std::uint8_t { user, guest, application };
constexpr HolderKind user_kind(model::TenantNumber client, model::TenantNumber user) {
  return client == user ? HolderKind::user : HolderKind::guest;
}

struct Holder {
  HolderKind kind = HolderKind::user;
  model::TenantNumber tenant = model::first_tenant;
  std::vector<std::string> roles;
};

// A user at a client of this tenant.
inline Holder user_holder(model::TenantNumber client, const Account& account) {
  return {user_kind(client, account.tenant), account.tenant, account.roles};
}

class ScopePolicy {
 public:
  ScopePolicy(storage::Database& users, storage::Database& apis) : users_(users), apis_(apis) {}

  // In the order in which they were asked for.
  Result<std::vector<std::string>> allowed(const Holder& holder,
                                           const std::vector<std::string>& asked) const;

 private:
  enum class Verdict : std::uint8_t { yes, no, unknown };

  Result<std::vector<Verdict>> rest_verdicts(const Holder& holder,
                                             const std::vector<std::string>& asked) const;
  Result<> add_api_verdicts(const Holder& holder, const std::vector<std::string>& asked,
                            std::vector<Verdict>& verdicts) const;

  storage::Database& users_;
  storage::Database& apis_;
};

}  // namespace gatehouse::keymanager
