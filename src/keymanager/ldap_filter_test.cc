// SPDX-License-Identifier: Apache-2.0
#include "keymanager/ldap_filter.h"

#include <gtest/gtest.h>

namespace gatehouse::keymanager {
namespace {

struct InjectionCase {
  const char* name;
  std::string typed;
  const char* sent;
};

class LdapInjection : public ::testing::TestWithParam<InjectionCase> {};

TEST_P(LdapInjection, WhatIsTypedStaysAValue) {
  EXPECT_EQ(ldap_and_equals("(objectClass=person)", "uid", GetParam().typed),
            std::string("(&(objectClass=person)(uid=") + GetParam().sent + "))");
}

INSTANTIATE_TEST_SUITE_P(
    Rfc4515, LdapInjection,
    ::testing::Values(InjectionCase{"plain", "anna", "anna"}, InjectionCase{"any", "*", "\\2a"},
                      InjectionCase{"prefix", "a*", "a\\2a"},
                      InjectionCase{"closes", "a)(uid=*", "a\\29\\28uid=\\2a"},
                      InjectionCase{"always", "*)(|(uid=*", "\\2a\\29\\28|\\28uid=\\2a"},
                      InjectionCase{"escapes", "a\\2a", "a\\5c2a"},
                      InjectionCase{"ends", std::string("a\0b", 3), "a\\00b"},
                      InjectionCase{"line", "a\r\nb", "a\\0d\\0ab"},
                      InjectionCase{"umlaut", "\xc3\xa4", "\\c3\\a4"},
                      InjectionCase{"amp", "&(x=y)", "&\\28x=y\\29"},
                      InjectionCase{"empty", "", ""}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace gatehouse::keymanager
