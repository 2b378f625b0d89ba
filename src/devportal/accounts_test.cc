// SPDX-License-Identifier: Apache-2.0
#include "devportal/test_devportal.h"
#include "storage/users/user_store.h"

namespace gatehouse::devportal {
namespace {

TEST_F(DevPortalTest, PeopleSignUpByThemselves) {
  const std::string call = "POST /self-signup";
  EXPECT_EQ(ask("", call, R"({"userName":"mary","password":"short"})").code(), 901452);
  EXPECT_EQ(ask("", call, R"({"userName":"mary-ann-x","password":"Mary-Ann-X"})").code(), 901452);
  const rest::TestAnswer made =
      ask("", call, R"({"userName":"mary","password":"correct horse","email":"m@a.example"})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.text.find("horse"), std::string::npos);
  EXPECT_EQ(ask("", call, R"({"userName":"MARY","password":"correct horse"})").code(), 909001);
  const auto roles = databases_.user_manager().read(
      [](storage::Transaction& transaction) -> Result<std::vector<std::string>> {
        storage::UserStore users(transaction, 1);
        GH_TRY(user, users.find_by_name("mary"));
        EXPECT_EQ(user.password, "hash of correct horse");
        return users.roles_of(user.id);
      });
  ASSERT_TRUE(roles);
  EXPECT_EQ(*roles, (std::vector<std::string>{"Internal/everyone", "Internal/subscriber"}));
}

TEST_F(DevPortalTest, APasswordIsChangedByWhoKnowsIt) {
  storage::User user;
  user.id = "user-subscriber";
  user.name = "subscriber";
  ASSERT_TRUE(databases_.user_manager().write([&](storage::Transaction& transaction) {
    return storage::UserStore(transaction, 1).insert(user);
  }));
  const auto change = [&](const std::string& current, const std::string& wanted) {
    return ask("subscriber", "POST /me/change-password",
               R"({"currentPassword":")" + current + R"(","newPassword":")" + wanted + R"("})");
  };
  EXPECT_EQ(change("wrong", "correct horse").code(), 901451);
  EXPECT_EQ(change("subscriber", "short").code(), 901452);
  EXPECT_EQ(change("subscriber", "correct horse").status, 200);
  EXPECT_EQ(key_manager_.changed_users, std::vector<std::string>{"user-subscriber"});
}

TEST_F(DevPortalTest, WhoMustChangeThePasswordTakesAnotherOne) {
  storage::User user;
  user.id = "user-subscriber";
  user.name = "anna";
  user.password = "hash of subscriber";
  user.password_holds = storage::PasswordHolds::until_login;
  ASSERT_TRUE(databases_.user_manager().write([&](storage::Transaction& transaction) {
    return storage::UserStore(transaction, 1).insert(user);
  }));
  const auto change = [&](const std::string& wanted) {
    return ask("subscriber", "POST /me/change-password",
               R"({"currentPassword":"subscriber","newPassword":")" + wanted + R"("})");
  };
  EXPECT_EQ(change("subscriber").code(), 901452);
  EXPECT_EQ(change("another one").status, 200);
  const auto after = databases_.user_manager().read([&](storage::Transaction& transaction) {
    return storage::UserStore(transaction, 1).find(user.id);
  });
  EXPECT_EQ(after->password_holds, storage::PasswordHolds::until_changed);
}

}  // namespace
}  // namespace gatehouse::devportal
