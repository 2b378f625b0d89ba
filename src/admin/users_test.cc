// SPDX-License-Identifier: Apache-2.0
#include "admin/test_admin.h"
#include "core/text.h"

namespace gatehouse::admin {

namespace {

class UserTest : public AdminTest {
 protected:
  rest::TestAnswer make(const std::string& name, const std::string& more = "") {
    const rest::TestAnswer answer =
        ask("POST /users",
            R"({"userName":")" + name + R"(","password":"of a good length")" + more + "}");
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer;
  }
  static bool flag_of(const rest::TestAnswer& answer, std::string_view name) {
    return flag_or(answer.body.as_object(), name, false);
  }
  std::string password_of(const std::string& name) {
    return databases_.user_manager()
        .read([&](storage::Transaction& transaction) {
          return storage::UserStore(transaction, 1).find_by_name(name);
        })
        .value()
        .password;
  }
};

TEST_F(UserTest, AnswersInTheFormOfTheContract) {
  const rest::TestAnswer made =
      make("mary", R"(,"email":"mary@example.com","roles":["Internal/creator"],"status":"ACTIVE")");
  EXPECT_EQ(golden("admin-user", made), "");
  EXPECT_EQ(made.headers.value_or("Location", ""), std::string(base) + "/users/mary");
  EXPECT_EQ(golden("admin-user", ask("GET /users/mary")), "");
  EXPECT_EQ(golden("admin-users", ask("GET /users")), "");
  EXPECT_EQ(golden("admin-roles", ask("GET /roles")), "");
}

TEST_F(UserTest, APasswordIsKeptHashedAndNeverShown) {
  make("mary");
  EXPECT_EQ(password_of("mary"), "hash of of a good length");
  EXPECT_EQ(ask("GET /users").text.find("good length"), std::string::npos);
  ASSERT_EQ(ask("PUT /users/mary", R"({"password":"as good as before"})").status, 200);
  EXPECT_EQ(password_of("mary"), "hash of as good as before");
  restart();
  EXPECT_EQ(password_of("mary"), "hash of as good as before");
}

TEST_F(UserTest, APasswordMayHoldUntilTheNextLoginOnly) {
  const auto must_change = [&] { return flag_of(ask("GET /users/mary"), "mustChangePassword"); };
  EXPECT_TRUE(flag_of(make("mary", R"(,"mustChangePassword":true)"), "mustChangePassword"));
  struct Case {
    const char* body;
    bool must;
  };
  for (const Case& each :
       {Case{R"({"email":"mary@example.com"})", true},
        Case{R"({"mustChangePassword":false})", false},
        Case{R"({"mustChangePassword":true})", true},
        Case{R"({"password":"given for good"})", false},
        Case{R"({"password":"given for once","mustChangePassword":true})", true}}) {
    const rest::TestAnswer answer = ask("PUT /users/mary", each.body);
    EXPECT_EQ(answer.status, 200) << answer.text;
    EXPECT_EQ(flag_of(answer, "mustChangePassword"), each.must) << each.body;
    EXPECT_EQ(must_change(), each.must) << each.body;
  }
  // Whose password is elsewhere cannot change it here.
  ASSERT_TRUE(databases_.user_manager().write([&](storage::Transaction& transaction) {
    storage::User user;
    user.id = "elsewhere";
    user.name = "elsewhere";
    return storage::UserStore(transaction, 1).insert(user);
  }));
  EXPECT_EQ(ask("PUT /users/elsewhere", R"({"mustChangePassword":true})").status, 409);
}

TEST_F(UserTest, AChangeNamesWhatItChangesAndIsTold) {
  const rest::TestAnswer made =
      make("mary", R"(,"email":"mary@example.com","roles":["Internal/creator"])");
  changes();
  key_manager_.changed_users.clear();
  struct Case {
    const char* body;
    const char* email;
    const char* roles;
    const char* status;
    bool told;  // to the gateways
  };
  for (const Case& each :
       {Case{R"({"email":"m@example.com"})", "m@example.com",
             R"(["Internal/creator","Internal/everyone"])", "ACTIVE", false},
        Case{R"({"roles":["Internal/publisher","Internal/everyone"]})", "m@example.com",
             R"(["Internal/everyone","Internal/publisher"])", "ACTIVE", true},
        Case{R"({"status":"LOCKED"})", "m@example.com",
             R"(["Internal/everyone","Internal/publisher"])", "LOCKED", true},
        Case{R"({"roles":[],"status":"ACTIVE"})", "m@example.com", R"(["Internal/everyone"])",
             "ACTIVE", true}}) {
    const rest::TestAnswer changed = ask("PUT /users/mary", each.body);
    EXPECT_EQ(changed.status, 200) << each.body << ": " << changed.text;
    EXPECT_EQ(changed.field("email"), each.email) << each.body;
    EXPECT_EQ(changed.object().at("roles"), json::parse(each.roles)) << each.body;
    EXPECT_EQ(changed.field("status"), each.status) << each.body;
    EXPECT_EQ(ask("GET /users/mary").body, changed.body) << each.body;
    EXPECT_EQ(changes().find("user ") != std::string::npos, each.told) << each.body;
  }
  EXPECT_EQ(key_manager_.changed_users.size(), 4U);
}

TEST_F(UserTest, ARemovedUserIsGoneAndTheirTokensEnd) {
  make("mary");
  key_manager_.changed_users.clear();
  EXPECT_EQ(ask("DELETE /users/mary").status, 200);
  EXPECT_EQ(key_manager_.changed_users.size(), 2U);  // revoked, and told
  EXPECT_EQ(ask("GET /users/mary").code(), 901502);
  EXPECT_EQ(names("GET /users", "userName"), "admin subscriber ");
}

TEST_F(UserTest, NamesCompareWithoutRegardToCase) {
  make("Mary");
  EXPECT_EQ(ask("GET /users/mARY").field("userName"), "Mary");
  const std::string body = R"({"userName":"MARY","password":"of a good length"})";
  EXPECT_EQ(ask("POST /users", body).code(), 909001);
}

TEST_F(UserTest, RefusesWhatAUserCannotBe) {
  make("mary");
  const std::string call = "POST /users";
  const auto user = [](const char* name, const char* password, const char* more = "") {
    return std::string(R"({"userName":")") + name + R"(","password":")" + password + "\"" + more +
           "}";
  };
  expect_refused(
      {{"no body", call, "", 400, 400},
       {"no name", call, R"({"password":"of a good length"})", 400, 400},
       {"no password", call, R"({"userName":"joe"})", 400, 400},
       {"a name with a space", call, user("j oe", "of a good length"), 400, 400},
       {"an unknown member", call, user("joe", "of a good length", R"(,"age":7)"), 400, 400},
       {"a short password", call, user("joe", "seven77"), 400, 901452},
       {"the name as password", call, user("josephine", "josephine"), 400, 901452},
       {"no such role", call, user("joe", "of a good length", R"(,"roles":["cook"])"), 400, 900602},
       {"no such status", call, user("joe", "of a good length", R"(,"status":"ASLEEP")"), 400, 400},
       {"the name of another", call, user("mary", "of a good length"), 409, 909001},
       {"nobody", "PUT /users/nobody", "{}", 404, 901502},
       {"removing nobody", "DELETE /users/nobody", "", 404, 901502},
       {"a weak new password", "PUT /users/mary", R"({"password":"seven77"})", 400, 901452},
       {"a role that is not", "PUT /users/mary", R"({"roles":["cook"]})", 400, 900602}});
  EXPECT_EQ(names("GET /users", "userName"), "admin mary subscriber ");
}

TEST_F(UserTest, NobodyLocksThemselvesOut) {
  ASSERT_EQ(ask("PUT /users/admin", R"({"roles":["admin"]})").status, 200);
  expect_refused({{"lock", "PUT /users/admin", R"({"status":"LOCKED"})", 409, 909007},
                  {"demote", "PUT /users/admin", R"({"roles":["Internal/creator"]})", 409, 909007},
                  {"remove", "DELETE /users/admin", "", 409, 909007}});
  EXPECT_EQ(ask("PUT /users/admin", R"({"email":"root@example.com"})").status, 200);
}

TEST_F(UserTest, ListsArePagedByName) {
  for (const char* name : {"eve", "dan", "carl", "bea"}) make(name);
  EXPECT_EQ(names("GET /users?limit=2&offset=1", "userName"), "bea carl ");
  EXPECT_EQ(number_or(*object_at(ask("GET /users?limit=2").object(), "pagination"), "total", 0), 6);
}

TEST_F(UserTest, RolesAreMadeFoundHeldAndRemoved) {
  const rest::TestAnswer made = ask("POST /roles", R"({"name":"kitchen/chef"})");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.field("name"), "kitchen/chef");
  EXPECT_EQ(made.object().at("builtIn"), false);
  const std::string path = percent_encode("kitchen/chef");
  EXPECT_EQ(ask("HEAD /roles/" + path).status, 200);
  EXPECT_EQ(ask("HEAD /roles/" + to_base64url("kitchen/chef")).status, 200);
  EXPECT_EQ(ask("HEAD /roles/waiter").status, 404);
  make("mary", R"(,"roles":["kitchen/chef"])");
  expect_refused({{"no name", "POST /roles", "{}", 400, 400},
                  {"again", "POST /roles", R"({"name":"kitchen/chef"})", 409, 909002},
                  {"with a comma", "POST /roles", R"({"name":"a,b"})", 400, 400},
                  {"held", "DELETE /roles/" + path, "", 409, 909006},
                  {"built in", "DELETE /roles/admin", "", 409, 909007},
                  {"unknown", "DELETE /roles/waiter", "", 404, 900607}});
  ASSERT_EQ(ask("PUT /users/mary", R"({"roles":[]})").status, 200);
  EXPECT_EQ(ask("DELETE /roles/" + path).status, 200);
  EXPECT_EQ(ask("HEAD /roles/" + path).status, 404);
}

TEST_F(UserTest, OnlyAdministratorsSeeUsers) {
  for (const char* call : {"GET /users", "GET /users/admin", "GET /roles"}) {
    EXPECT_EQ(ask_as("", call).status, 401) << call;
    EXPECT_EQ(ask_as("creator", call).status, 403) << call;
    EXPECT_EQ(ask_as("subscriber", call).status, 403) << call;
  }
}

}  // namespace

}  // namespace gatehouse::admin
