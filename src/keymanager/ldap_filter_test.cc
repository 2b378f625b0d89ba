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

struct IdCase {
  const char* name;
  const char* attribute;
  std::string value;
  const char* kept;
  const char* filter;
};

class LdapIds : public ::testing::TestWithParam<IdCase> {};

TEST_P(LdapIds, AreKeptAsTextAndFoundAgain) {
  const IdCase& row = GetParam();
  const std::string kept = external_id_from(row.attribute, row.value);
  EXPECT_EQ(kept, row.kept);
  EXPECT_EQ(ldap_and_ids("(x=y)", row.attribute, {kept}),
            std::string("(&(x=y)(|") + row.filter + "))");
}

INSTANTIATE_TEST_SUITE_P(
    Directories, LdapIds,
    ::testing::Values(
        IdCase{"uuid", "entryUUID", "4f-1", "4f-1", "(entryUUID=4f-1)"},
        IdCase{"guid", "objectGUID", std::string("\0*(\xff", 4), "002a28ff",
               "(objectGUID=\\00\\2a\\28\\ff)"},
        IdCase{"guid_of_letters", "OBJECTguid", "AB", "4142", "(OBJECTguid=\\41\\42)"},
        IdCase{"text_that_looks_like_bytes", "uid", "12ab", "12ab", "(uid=\\12\\ab)(uid=12ab)"},
        IdCase{"bytes_of_another_attribute", "x", "\xc3\xa4", "c3a4", "(x=\\c3\\a4)(x=c3a4)"},
        IdCase{"text_that_filters", "uid", "a)(b", "a)(b", "(uid=a\\29\\28b)"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(LdapIds, SeveralAreAskedForAtOnce) {
  EXPECT_EQ(ldap_and_ids("(x=y)", "u", {"a-", "b-"}), "(&(x=y)(|(u=a-)(u=b-)))");
}

}  // namespace
}  // namespace gatehouse::keymanager
