// SPDX-License-Identifier: Apache-2.0
//
// The tables of signing on: session_store.h, consent_store.h, authorization_code_store.h,
// pushed_request_store.h, device_store.h, sign_on_removal.h and users/second_factor_store.h.
#include "storage/apis/sign_on_removal.h"

#include <gtest/gtest.h>

#include "storage/apis/authorization_code_store.h"
#include "storage/apis/client_store.h"
#include "storage/apis/consent_store.h"
#include "storage/apis/device_store.h"
#include "storage/apis/pushed_request_store.h"
#include "storage/apis/session_store.h"
#include "storage/test_databases.h"
#include "storage/users/second_factor_store.h"

namespace gatehouse::storage {
namespace {

constexpr Instant noon = Instant(std::chrono::seconds(1'000'000));
constexpr std::chrono::seconds second{1};

class SignOn : public ::testing::TestWithParam<TestEngine> {
 protected:
  // Runs `work` in a write, which must succeed.
  void write(const std::function<Result<>(Transaction&)>& work) {
    const Result<> done = databases_.api_manager().write(work);
    ASSERT_TRUE(done) << done.error().message << done.error().detail;
  }
  void write_users(const std::function<Result<>(Transaction&)>& work) {
    const Result<> done = databases_.user_manager().write(work);
    ASSERT_TRUE(done) << done.error().message << done.error().detail;
  }

  TestDatabases databases_{GetParam()};
};

StoredSession session(const std::string& hash, model::TenantNumber tenant) {
  return {.hash = hash,
          .tenant = tenant,
          .user_id = "anna",
          .password_mark = "mark",
          .acr = "2",
          .amr = {"pwd", "otp"},
          .authenticated_at = noon,
          .seen_at = noon,
          .expires_at = noon + 100 * second};
}

TEST_P(SignOn, KeepsASessionAsItIs) {
  write([](Transaction& transaction) -> Result<> {
    SessionStore store(transaction);
    GH_CHECK(store.insert(session("s", 2)));
    GH_CHECK(store.set_seen("s", noon + second));
    GH_TRY(found, store.find("s"));
    EXPECT_EQ(found->tenant, 2);
    EXPECT_EQ(found->user_id, "anna");
    EXPECT_EQ(found->amr, (std::vector<std::string>{"pwd", "otp"}));
    EXPECT_EQ(found->seen_at, noon + second);
    EXPECT_EQ(found->expires_at, noon + 100 * second);
    GH_CHECK(store.remove("s"));
    GH_TRY(gone, store.find("s"));
    EXPECT_FALSE(gone);
    return {};
  });
}

TEST_P(SignOn, UsesACodeOnce) {
  write([](Transaction& transaction) -> Result<> {
    AuthorizationCodeStore store(transaction);
    GH_CHECK(store.insert({.hash = "c",
                           .tenant = 1,
                           .client_id = "app",
                           .user_id = "anna",
                           .family = "f",
                           .document = {{"x", 1}},
                           .expires_at = noon}));
    GH_TRY(first, store.use("c", noon));
    GH_TRY(second_use, store.use("c", noon));
    GH_TRY(unknown, store.use("d", noon));
    EXPECT_TRUE(first);
    EXPECT_FALSE(second_use);
    EXPECT_FALSE(unknown);
    GH_TRY(found, store.find("c"));
    EXPECT_TRUE(found->used());
    EXPECT_EQ(found->document, (json::object{{"x", 1}}));
    return {};
  });
}

TEST_P(SignOn, DecidesADeviceOnce) {
  write([](Transaction& transaction) -> Result<> {
    DeviceStore store(transaction);
    Device device{.hash = "d",
                  .user_code_hash = "u",
                  .tenant = 1,
                  .client_id = "app",
                  .family = "f",
                  .scopes = {"openid"},
                  .expires_at = noon};
    GH_CHECK(store.insert(device));
    GH_TRY(early, store.use("d"));
    EXPECT_FALSE(early);
    device.status = DeviceStatus::approved;
    device.user_id = "anna";
    GH_TRY(first, store.decide(device));
    device.status = DeviceStatus::denied;
    GH_TRY(again, store.decide(device));
    EXPECT_TRUE(first);
    EXPECT_FALSE(again);
    GH_TRY(found, store.find_by_user_code("u"));
    if (!found) return fail(ErrorCode::not_found, "The device is gone");
    EXPECT_TRUE(found->status == DeviceStatus::approved);
    GH_TRY(used, store.use("d"));
    GH_TRY(used_again, store.use("d"));
    EXPECT_TRUE(used);
    EXPECT_FALSE(used_again);
    return {};
  });
}

TEST_P(SignOn, DoesNotGiveAUserCodeTwice) {
  const auto insert = [](const char* hash) {
    return [hash](Transaction& transaction) {
      return DeviceStore(transaction)
          .insert({.hash = hash, .user_code_hash = "same", .client_id = "app", .scopes = {}});
    };
  };
  write(insert("a"));
  const Result<> second_insert = databases_.api_manager().write(insert("b"));
  ASSERT_FALSE(second_insert);
  EXPECT_EQ(second_insert.error().code, ErrorCode::conflict);
}

TEST_P(SignOn, KeepsTheConsentsOfTenantsApart) {
  write([](Transaction& transaction) -> Result<> {
    for (const model::TenantNumber tenant : {1, 2}) {
      Client client;
      client.tenant = tenant;
      client.client_id = "app" + std::to_string(tenant);
      client.name = "App";
      GH_CHECK(ClientStore(transaction).insert(client));
      GH_CHECK(ConsentStore(transaction, tenant)
                   .put({"anna", "app" + std::to_string(tenant), {"a"}, noon}));
    }
    ConsentStore first(transaction, 1);
    GH_CHECK(first.put({"anna", "app1", {"a", "b"}, noon}));
    GH_TRY(list, first.list("anna", 10));
    EXPECT_EQ(list.size(), 1U);
    EXPECT_EQ(list.front().client_name, "App");
    EXPECT_EQ(list.front().consent.scopes, (std::vector<std::string>{"a", "b"}));
    const auto left = [&](const UserAtClient& pair) -> Result<std::size_t> {
      GH_CHECK(remove_sign_on_of(transaction, pair));
      GH_TRY(consents, first.list("anna", 10));
      return consents.size();
    };
    GH_TRY(other, left({1, "anna", "app2"}));
    GH_TRY(own, left({1, "anna", "app1"}));
    EXPECT_EQ(other, 1U);
    EXPECT_EQ(own, 0U);
    return {};
  });
}

// Rows of two users, two clients and two tenants: exactly those named go.
TEST_P(SignOn, RemovesWhatAUserOrAClientHas) {
  const auto count = [](Transaction& transaction) -> Result<std::int64_t> {
    GH_TRY(row, transaction.query_one("SELECT (SELECT COUNT(*) FROM am_session WHERE tenant_id > 0)"
                                      " + (SELECT COUNT(*) FROM am_consent WHERE tenant_id > 0)"
                                      " + (SELECT COUNT(*) FROM am_device WHERE tenant_id > 0)"
                                      " + (SELECT COUNT(*) FROM am_authorization_code "
                                      "WHERE tenant_id > 0)"));
    return row->number(0);
  };
  // A device lies in its client's tenant, consents and codes in the user's.
  const auto device = [](const char* hash, model::TenantNumber tenant, const char* client,
                         const char* user) {
    return Device{.hash = hash,
                  .user_code_hash = hash,
                  .tenant = tenant,
                  .client_id = client,
                  .user_id = user,
                  .scopes = {},
                  .expires_at = noon};
  };
  const auto code = [](const char* hash, model::TenantNumber tenant, const char* user) {
    return StoredCode{.hash = hash,
                      .tenant = tenant,
                      .client_id = "app",
                      .user_id = user,
                      .family = "f",
                      .document = {},
                      .expires_at = noon};
  };
  write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(SessionStore(transaction).insert(session("s1", 1)));
    GH_CHECK(SessionStore(transaction).insert(session("s2", 2)));
    GH_CHECK(ConsentStore(transaction, 1).put({"anna", "app", {}, noon}));
    GH_CHECK(ConsentStore(transaction, 1).put({"bert", "app", {}, noon}));
    GH_CHECK(ConsentStore(transaction, 2).put({"carl", "app", {}, noon}));
    GH_CHECK(ConsentStore(transaction, 2).put({"carl", "other", {}, noon}));
    for (const Device& each : {device("d1", 2, "other", "anna"), device("d2", 1, "app", "carl"),
                               device("d3", 1, "third", "")}) {
      GH_CHECK(DeviceStore(transaction).insert(each));
    }
    GH_CHECK(AuthorizationCodeStore(transaction).insert(code("c1", 2, "carl")));
    GH_CHECK(AuthorizationCodeStore(transaction).insert(code("c2", 1, "bert")));
    GH_TRY(all, count(transaction));
    EXPECT_EQ(all, 11);
    // Her session, her consent, and her device at a client of another tenant.
    GH_CHECK(remove_sign_on_of_user(transaction, 1, "anna"));
    GH_TRY(after_user, count(transaction));
    EXPECT_EQ(after_user, 8);
    // Carl's device at a client of another tenant.
    GH_CHECK(remove_sign_on_of(transaction, {2, "carl", "app"}));
    GH_TRY(after_pair, count(transaction));
    EXPECT_EQ(after_pair, 5);
    GH_CHECK(ConsentStore(transaction, 2).put({"carl", "app", {}, noon}));
    GH_CHECK(AuthorizationCodeStore(transaction).insert(code("c1", 2, "carl")));
    // Bert's consent and code, and Carl's of another tenant.
    GH_CHECK(remove_sign_on_of_client(transaction, 1, "app"));
    GH_TRY(after_client, count(transaction));
    EXPECT_EQ(after_client, 3);
    return {};
  });
}

TEST_P(SignOn, RemovesWhatHasExpired) {
  write([](Transaction& transaction) -> Result<> {
    GH_CHECK(SessionStore(transaction).insert(session("s", 1)));
    GH_CHECK(PushedRequestStore(transaction).insert({"p", 1, "app", "a=b", noon}));
    const auto expire = [&](Instant now, Instant idle) {
      return remove_expired_sign_on(transaction, {.now = now, .idle = idle, .codes = now});
    };
    GH_TRY(none, expire(noon, noon));
    GH_TRY(request, expire(noon + second, noon));
    GH_TRY(idle_session, expire(noon + second, noon + second));
    EXPECT_EQ(none, 0);
    EXPECT_EQ(request, 1);
    EXPECT_EQ(idle_session, 1);
    return {};
  });
}

TEST_P(SignOn, TakesEachCodeOfASecondFactorOnce) {
  write_users([](Transaction& transaction) -> Result<> {
    SecondFactorStore store(transaction, 1);
    GH_CHECK(store.put({"anna", "sealed", 100, noon}, {"r1", "r2"}));
    const std::pair<std::int64_t, bool> rows[] = {{100, false}, {99, false}, {101, true},
                                                  {101, false}, {103, true}, {102, false}};
    for (const auto& [step, good] : rows) {
      GH_TRY(taken, store.take_step("anna", step));
      EXPECT_EQ(taken, good) << step;
    }
    GH_TRY(elsewhere, SecondFactorStore(transaction, 2).take_recovery_code("anna", "r1"));
    GH_TRY(first, store.take_recovery_code("anna", "r1"));
    GH_TRY(again, store.take_recovery_code("anna", "r1"));
    GH_TRY(left, store.recovery_codes_left("anna"));
    EXPECT_FALSE(elsewhere);
    EXPECT_TRUE(first);
    EXPECT_FALSE(again);
    EXPECT_EQ(left, 1);
    GH_CHECK(store.remove("anna"));
    GH_TRY(gone, store.find("anna"));
    EXPECT_FALSE(gone);
    return {};
  });
}

TEST_P(SignOn, KeepsOneResetOfAUser) {
  write_users([](Transaction& transaction) -> Result<> {
    PasswordResetStore store(transaction);
    GH_CHECK(store.put({"one", 1, "anna", noon}));
    GH_CHECK(store.put({"two", 1, "anna", noon}));
    GH_TRY(earlier, store.take("one"));
    GH_TRY(first, store.take("two"));
    GH_TRY(again, store.take("two"));
    EXPECT_FALSE(earlier);
    EXPECT_TRUE(first);
    EXPECT_FALSE(again);
    return {};
  });
}

INSTANTIATE_TEST_SUITE_P(Engines, SignOn,
                         ::testing::Values(TestEngine::sqlite, TestEngine::postgresql),
                         [](const auto& engine) { return to_text(engine.param); });

}  // namespace
}  // namespace gatehouse::storage
