// SPDX-License-Identifier: Apache-2.0
#include "storage/users/account.h"

#include <gtest/gtest.h>

#include "storage/test_databases.h"
#include "storage/users/default_roles.h"
#include "storage/users/tenant_store.h"

namespace gatehouse::storage {
namespace {

struct PasswordCase {
  const char* name;
  PasswordPolicy policy;
  std::string password;
  bool good;
};

class PasswordRules : public ::testing::TestWithParam<PasswordCase> {};

TEST_P(PasswordRules, AreHeldAgainstEachPassword) {
  const Result<> checked = check_password(GetParam().policy, GetParam().password, "Annabelle");
  EXPECT_EQ(checked.has_value(), GetParam().good);
  if (checked) return;
  EXPECT_EQ(checked.error().number, 901452U);
}

INSTANTIATE_TEST_SUITE_P(
    Policy, PasswordRules,
    ::testing::Values(PasswordCase{"long_enough", {}, "12345678", true},
                      PasswordCase{"too_short", {}, "1234567", false},
                      PasswordCase{"longest", {}, std::string(256, 'a'), true},
                      PasswordCase{"too_long", {}, std::string(257, 'a'), false},
                      PasswordCase{"name", {}, "Annabelle", false},
                      PasswordCase{"name_in_another_case", {}, "aNNABELLE", false},
                      PasswordCase{"two_of_three", {.classes_min = 3}, "abcdefg1", false},
                      PasswordCase{"three_of_three", {.classes_min = 3}, "Abcdefg1", true},
                      PasswordCase{"others_count", {.classes_min = 3}, "abcdefg1 ", true},
                      PasswordCase{"four_of_four", {.classes_min = 4}, "Abcdef1-", true}),
    [](const auto& row) { return std::string(row.param.name); });

struct SettingsCase {
  const char* name;
  const char* document;
  bool good;
};

class Settings : public ::testing::TestWithParam<SettingsCase> {};

TEST_P(Settings, AreTakenWhenEachMemberCanBe) {
  const auto settings = tenant_settings_from(parse_json_object(GetParam().document).value());
  EXPECT_EQ(settings.has_value(), GetParam().good);
}

INSTANTIATE_TEST_SUITE_P(
    TenantConfig, Settings,
    ::testing::Values(
        SettingsCase{"none", "{}", true},
        SettingsCase{"others_are_let_be", R"({"Meta":{"x":1},"Notifications":[]})", true},
        SettingsCase{"length", R"({"PasswordPolicy":{"MinLength":12,"MaxLength":64}})", true},
        SettingsCase{"no_length", R"({"PasswordPolicy":{"MinLength":0}})", false},
        SettingsCase{"lengths_crossed", R"({"PasswordPolicy":{"MinLength":12,"MaxLength":8}})",
                     false},
        SettingsCase{"five_classes", R"({"PasswordPolicy":{"MinClasses":5}})", false},
        SettingsCase{"history_too_long", R"({"PasswordPolicy":{"History":25}})", false},
        SettingsCase{"number_as_text", R"({"PasswordPolicy":{"History":"2"}})", false},
        SettingsCase{"never_locked", R"({"AccountLock":{"FailedAttempts":0}})", true},
        SettingsCase{"locked_for_nothing", R"({"AccountLock":{"UnlockMinutes":0}})", false},
        SettingsCase{"section_of_another_type", R"({"AccountLock":3})", false},
        SettingsCase{"flag_as_text", R"({"SelfSignUp":{"Enabled":"yes"}})", false},
        SettingsCase{"roles_as_text", R"({"SelfSignUp":{"SignUpRoles":"admin"}})", false}),
    [](const auto& row) { return std::string(row.param.name); });

struct NameCase {
  model::TenantNumber tenant;
  const char* name;
  bool good;
};

TEST(AccountNames, MeanOnePersonOnly) {
  TestDatabases databases;
  ASSERT_TRUE(databases.user_manager().write([](Transaction& it) -> Result<> {
    for (const Tenant& tenant :
         {Tenant{1, std::string(first_tenant_domain), true, {}}, Tenant{2, "b.org", true, {}}}) {
      GH_CHECK(TenantStore(it).insert(tenant));
      GH_CHECK(seed_roles(it, tenant.number));
    }
    return UserStore(it, 1).insert({.id = "u", .name = "sue@b.org"});
  }));
  for (const NameCase& row :
       {NameCase{1, "anna", true}, NameCase{1, "anna@c.org", true},
        NameCase{1, "anna@b.org", false}, NameCase{1, "a@carbon.super", false},
        NameCase{2, "anna", true}, NameCase{2, "sue", false}, NameCase{2, "SUE", false},
        NameCase{2, "anna@b.org", false}}) {
    const Result<> added = databases.user_manager().write([&](Transaction& it) {
      return add_user(it, row.tenant, {.id = std::string("u-") + row.name, .name = row.name}, {},
                      {std::string("o-") + std::to_string(row.tenant) + row.name, {}});
    });
    EXPECT_EQ(added.has_value(), row.good) << row.tenant << ' ' << row.name;
  }
}

}  // namespace
}  // namespace gatehouse::storage
