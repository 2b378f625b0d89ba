// SPDX-License-Identifier: Apache-2.0
#include "rest/password_change.h"

#include "rest/problems.h"
#include "storage/users/account.h"

namespace gatehouse::rest {

namespace {

using storage::Transaction;

struct Rules {
  storage::PasswordPolicy policy;
  std::vector<std::string> former;  // hashes that must not match
};

Result<Rules> rules_of(storage::Database& users, model::TenantNumber tenant,
                       const storage::User& user) {
  return users.read([&](Transaction& transaction) -> Result<Rules> {
    GH_TRY(settings, storage::TenantSettingsStore(transaction, tenant).settings());
    Rules rules{settings.password, {}};
    const bool remembers = rules.policy.history > 0;
    const bool must_change = user.password_holds == storage::PasswordHolds::until_login;
    if (!user.password.empty() && (remembers || must_change)) rules.former.push_back(user.password);
    if (!remembers) return rules;
    GH_TRY(former, storage::UserStore(transaction, tenant)
                       .former_passwords(user.id, rules.policy.history - 1));
    rules.former.insert(rules.former.end(), former.begin(), former.end());
    return rules;
  });
}

}  // namespace

Result<std::string> hash_new_password(storage::Database& users, model::TenantNumber tenant,
                                      const storage::User& user, const std::string& password,
                                      const PasswordHashing& hashing) {
  GH_TRY(rules, rules_of(users, tenant, user));
  GH_CHECK(storage::check_password(rules.policy, password, user.name));
  for (const std::string& hash : rules.former) {
    GH_TRY(same, hashing.matches(password, hash));
    if (same) return refuse_because(password_too_weak, "The user had this password before");
  }
  return hashing.hash(password);
}

}  // namespace gatehouse::rest
