// SPDX-License-Identifier: Apache-2.0
#include "keymanager/ldap_account.h"

#include <gtest/gtest.h>

namespace gatehouse::keymanager {
namespace {

constexpr std::int64_t now_ms = 1'600'000'000'000;  // 132444736000000000 in Active Directory

struct AccountCase {
  const char* name;
  const char* attribute;
  const char* value;
  bool disabled;
};

class LdapAccount : public ::testing::TestWithParam<AccountCase> {};

TEST_P(LdapAccount, IsDisabledAsItsKindOfDirectorySaysIt) {
  LdapEntry entry;
  entry.attributes[GetParam().attribute] = {GetParam().value};
  EXPECT_EQ(is_disabled(entry, from_ms(now_ms)), GetParam().disabled);
}

INSTANTIATE_TEST_SUITE_P(
    Directories, LdapAccount,
    ::testing::Values(
        AccountCase{"ad_normal", "userAccountControl", "512", false},
        AccountCase{"ad_disabled", "userAccountControl", "514", true},
        AccountCase{"ad_disabled_without_expiry", "userAccountControl", "66050", true},
        AccountCase{"ad_locked_for_a_while", "userAccountControl", "528", false},
        AccountCase{"ad_no_number", "userAccountControl", "2x", false},
        AccountCase{"ad_never_expires", "accountExpires", "0", false},
        AccountCase{"ad_never_expires_either", "accountExpires", "9223372036854775807", false},
        AccountCase{"ad_expired_now", "accountExpires", "132444736000000000", true},
        AccountCase{"ad_expires_in_a_second", "accountExpires", "132444736010000000", false},
        AccountCase{"ad_too_large", "accountExpires", "99999999999999999999", false},
        AccountCase{"openldap_locked_for_good", "pwdAccountLockedTime", "000001010000Z", true},
        AccountCase{"openldap_locked_for_a_while", "pwdAccountLockedTime", "20200913122640Z",
                    false},
        AccountCase{"ds389_locked", "nsAccountLock", "TRUE", true},
        AccountCase{"ds389_open", "nsAccountLock", "false", false},
        AccountCase{"nothing_said", "mail", "x", false}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace gatehouse::keymanager
