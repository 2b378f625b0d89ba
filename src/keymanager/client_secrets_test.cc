// SPDX-License-Identifier: Apache-2.0
#include "keymanager/client_secrets.h"

#include "keymanager/test_key_manager.h"

namespace gatehouse::keymanager {
namespace {

class Secrets : public ::testing::Test {
 protected:
  Secrets() : first_(server_.client()), id_(first_.substr(0, first_.find(':'))) {}

  TestKeyManager::Answer add(const json::object& wish) {
    return server_.internal("POST", "clients/" + id_ + "/secrets", wish);
  }
  json::array list() {
    return server_.internal("GET", "clients/" + id_ + "/secrets", {}).body.at("list").as_array();
  }
  int revoke(const std::string& secret_id) {
    return server_
        .internal("POST", "clients/" + id_ + "/revoke-secret", json::object{{"id", secret_id}})
        .status;
  }
  int token(const std::string& pair) {
    return server_.token("grant_type=client_credentials", pair).status;
  }
  std::string pair(const TestKeyManager::Answer& added) {
    return id_ + ":" + text_or(added.body, "client_secret", "");
  }

  TestKeyManager server_;
  const std::string first_;
  const std::string id_;
};

TEST_F(Secrets, WorkBesideEachOther) {
  const auto second = add({{"description", "the new shop"}});
  ASSERT_EQ(second.status, 201) << second.response.body;
  EXPECT_EQ(token(first_), 200);
  EXPECT_EQ(token(pair(second)), 200);
  const json::array all = list();
  ASSERT_EQ(all.size(), 2U);
  for (const json::value& item : all) {
    EXPECT_FALSE(item.as_object().contains("client_secret"));
    EXPECT_EQ(text_or(item.as_object(), "hint", "").size(), 4U);
  }
}

TEST_F(Secrets, EndAtTheirTime) {
  const auto second = add({{"seconds", 60}});
  EXPECT_EQ(token(pair(second)), 200);
  server_.clock().advance(std::chrono::seconds(59));
  EXPECT_EQ(token(pair(second)), 200);
  server_.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(token(pair(second)), 401);
  EXPECT_EQ(token(first_), 200);
}

TEST_F(Secrets, AreRevokedButForTheLastOneThatWorks) {
  const std::string first_id = text_or(list().at(0).as_object(), "id", "");
  EXPECT_EQ(revoke(first_id), 409);
  const auto ended = add({{"seconds", 60}});
  server_.clock().advance(std::chrono::seconds(60));
  EXPECT_EQ(revoke(first_id), 409);
  const auto third = add({});
  EXPECT_EQ(revoke(first_id), 204);
  EXPECT_EQ(token(first_), 401);
  EXPECT_EQ(token(pair(third)), 200);
  EXPECT_EQ(revoke(text_or(ended.body, "id", "")), 204);
  EXPECT_EQ(revoke("no-such-secret"), 404);
  EXPECT_EQ(list().size(), 1U);
}

TEST_F(Secrets, AreBounded) {
  for (std::int64_t i = 1; i < ClientSecrets::secrets_max; ++i) ASSERT_EQ(add({}).status, 201);
  EXPECT_EQ(add({}).status, 409);
  EXPECT_EQ(token(first_), 200);
}

TEST_F(Secrets, WishesAreChecked) {
  EXPECT_EQ(add({{"seconds", -1}}).status, 400);
  EXPECT_EQ(add({{"description", std::string(257, 'x')}}).status, 400);
  EXPECT_EQ(server_.internal("POST", "clients/nobody/secrets", {}).status, 404);
}

TEST_F(Secrets, ProveAClientWithinItsTenant) {
  const std::string secret = first_.substr(first_.find(':') + 1);
  const auto check = [&](const std::string& client, const std::string& text, int tenant) {
    return server_
        .internal("POST", "clients/" + client + "/check",
                  json::object{{"tenant", tenant}, {"client_secret", text}})
        .status;
  };
  EXPECT_EQ(check(id_, secret, 1), 200);
  EXPECT_EQ(check(id_, "wrong", 1), 401);
  EXPECT_EQ(check(id_, secret, 2), 401);
  EXPECT_EQ(check("nobody", secret, 1), 401);
}

}  // namespace
}  // namespace gatehouse::keymanager
