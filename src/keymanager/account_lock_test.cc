// SPDX-License-Identifier: Apache-2.0
#include "keymanager/account_lock.h"

#include <gtest/gtest.h>

#include "keymanager/test_key_manager.h"
#include "storage/users/tenant_settings.h"
#include "storage/users/user_store_settings.h"

namespace gatehouse::keymanager {
namespace {

class AccountLockTest : public ::testing::Test {
 protected:
  AccountLockTest() {
    key_manager_.add_user("anna", {"Internal/subscriber"});
    set_policy(3, 5);
  }

  void set_policy(int failures, int minutes) {
    const json::object document{
        {"AccountLock", {{"FailedAttempts", failures}, {"UnlockMinutes", minutes}}}};
    ASSERT_TRUE(key_manager_.databases().user_manager().write([&](storage::Transaction& it) {
      return storage::TenantSettingsStore(it, model::first_tenant).replace(document);
    }));
  }

  std::int64_t count_of(const std::string& id) {
    return key_manager_.databases()
        .user_manager()
        .read([&](storage::Transaction& it) {
          return storage::LoginFailures(it, model::first_tenant).of(id);
        })
        ->failures;
  }

  // The status of a password grant.
  int log_in(const std::string& password) {
    return key_manager_.token("grant_type=password&username=anna&password=" + password, client_)
        .status;
  }

  TestKeyManager key_manager_;
  const std::string client_ = key_manager_.client();
  const std::string right_ = "password-of-anna";
};

TEST_F(AccountLockTest, TooManyWrongPasswordsLockTheAccountForAWhile) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(log_in("wrong"), 400);
  EXPECT_EQ(log_in(right_), 400);
  key_manager_.clock().advance(std::chrono::minutes(4));
  EXPECT_EQ(log_in(right_), 400);
  key_manager_.clock().advance(std::chrono::minutes(1));
  EXPECT_EQ(log_in(right_), 200);
}

TEST_F(AccountLockTest, ALockedAccountAnswersAsAWrongPasswordDoes) {
  for (int i = 0; i < 3; ++i) log_in("wrong");
  const auto locked =
      key_manager_.token("grant_type=password&username=anna&password=" + right_, client_);
  const auto unknown =
      key_manager_.token("grant_type=password&username=nobody&password=x", client_);
  EXPECT_EQ(locked.response.body, unknown.response.body);
}

// Otherwise the time of an answer would tell who has an account, and whose is locked.
TEST_F(AccountLockTest, EachRefusalWritesOnce) {
  set_policy(100, 5);
  log_in("wrong");
  EXPECT_EQ(count_of(key_manager_.user_id("anna")), 1);
  EXPECT_EQ(count_of("nobody"), 0);
  key_manager_.token("grant_type=password&username=nobody-here&password=x", client_);
  EXPECT_EQ(count_of("nobody"), 1);
  set_policy(3, 5);
  for (int i = 0; i < 3; ++i) log_in("wrong");  // two more lock it
  EXPECT_EQ(count_of("nobody"), 2);
}

TEST_F(AccountLockTest, ARefusalWritesOnceAlsoWhereNobodyIsLocked) {
  set_policy(0, 5);
  log_in("wrong");
  EXPECT_EQ(count_of("nobody"), 1);
  EXPECT_EQ(count_of(key_manager_.user_id("anna")), 0);
  key_manager_.token("grant_type=password&username=nobody-here&password=x", client_);
  EXPECT_EQ(count_of("nobody"), 2);
}

// One row for all of them would be a queue.
TEST_F(AccountLockTest, WhoIsInADirectoryIsNotCountedAsNobody) {
  // Nobody listens there.
  const json::object document{{"urls", {"ldap://127.0.0.1:1"}}, {"userBase", "dc=example,dc=com"}};
  ASSERT_TRUE(key_manager_.databases().user_manager().write([&](storage::Transaction& it) {
    return storage::UserStoreSettings(it, model::first_tenant)
        .insert({.id = "s1", .name = "people", .document = document, .sealed = ""});
  }));
  const auto answer =
      key_manager_.token("grant_type=password&username=lena&password=of+lena", client_);
  EXPECT_EQ(answer.status, 503) << answer.response.body;
  EXPECT_EQ(count_of("nobody"), 0);
}

TEST_F(AccountLockTest, ARightPasswordForgetsTheWrongOnesBeforeIt) {
  for (int i = 0; i < 2; ++i) EXPECT_EQ(log_in("wrong"), 400);
  EXPECT_EQ(log_in(right_), 200);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(log_in("wrong"), 400);
  EXPECT_EQ(log_in(right_), 200);
}

TEST_F(AccountLockTest, TriesWhileLockedDoNotProlongTheLock) {
  for (int i = 0; i < 3; ++i) log_in("wrong");
  key_manager_.clock().advance(std::chrono::minutes(4));
  for (int i = 0; i < 3; ++i) log_in("wrong");
  key_manager_.clock().advance(std::chrono::minutes(1));
  EXPECT_EQ(log_in(right_), 200);
}

TEST_F(AccountLockTest, TheCountSurvivesARestart) {
  for (int i = 0; i < 2; ++i) log_in("wrong");
  key_manager_.restart();
  log_in("wrong");
  EXPECT_EQ(log_in(right_), 400);
}

TEST_F(AccountLockTest, ATenantMaySwitchItOff) {
  set_policy(0, 5);
  for (int i = 0; i < 20; ++i) log_in("wrong");
  EXPECT_EQ(log_in(right_), 200);
}

TEST_F(AccountLockTest, ANewPasswordOpensTheAccount) {
  for (int i = 0; i < 3; ++i) log_in("wrong");
  const std::string hash = *key_manager_->passwords().hash("another one");
  const std::string id = key_manager_.user_id("anna");
  ASSERT_TRUE(key_manager_.databases().user_manager().write([&](storage::Transaction& it) {
    return storage::UserStore(it, model::first_tenant).set_password(id, hash, {"occurrence", {}});
  }));
  EXPECT_EQ(log_in("another+one"), 200);
}

}  // namespace
}  // namespace gatehouse::keymanager
