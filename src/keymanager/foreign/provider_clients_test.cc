// SPDX-License-Identifier: Apache-2.0
#include "keymanager/foreign/provider_clients.h"

#include "keymanager/foreign/test_provider.h"
#include "keymanager/test_key_manager.h"

namespace gatehouse::keymanager {
namespace {

using storage::KeyManagerRow;
using storage::KeyManagerStore;
using storage::Transaction;

class ClientsElsewhere : public ::testing::Test {
 protected:
  KeyManagerRow row(const std::string& name, json::object over = {}) {
    KeyManagerRow row;
    row.id = "id-" + name;
    row.name = name;
    row.issuer = provider_.url + "/" + name;
    row.document =
        json::object{{"enableOAuthAppCreation", true},
                     {"clientRegistrationEndpoint", provider_.url + "/register"},
                     {"availableGrantTypes", {"client_credentials", "authorization_code"}}};
    for (const auto& member : over) row.document[member.key()] = member.value();
    return row;
  }
  void add(const KeyManagerRow& row) {
    const Result<> added =
        server_.databases().api_manager().write([&](Transaction& transaction) -> Result<> {
          return KeyManagerStore(transaction, row.tenant).insert(row);
        });
    ASSERT_TRUE(added) << added.error().message;
  }
  json::object wish(const json::object& over = {}) {
    json::object body{{"tenant", 1},
                      {"key_manager", "Elsewhere"},
                      {"name", "anna_shop_PRODUCTION"},
                      {"grant_types", {"client_credentials", "password"}},
                      {"callback_urls", {"https://shop.example/back"}}};
    for (const auto& member : over) body[member.key()] = member.value();
    return body;
  }
  TestKeyManager::Answer ask(const std::string& action, const json::object& body) {
    return server_.internal("POST", "provider-clients" + action, body);
  }
  // A wish about a client that `made` answers for.
  json::object about(const TestKeyManager::Answer& made, const json::object& over = {}) {
    json::object body = wish(over);
    body["client_id"] = made.body.at("client_id");
    body["registration"] = made.body.at("registration");
    return body;
  }
  static std::int64_t code(const TestKeyManager::Answer& answer) {
    return number_or(answer.body, "code", 0);
  }

  TestKeyManager server_;
  TestProvider provider_;
};

TEST_F(ClientsElsewhere, AreMadeChangedAndRemovedThere) {
  provider_.set({.initial_token = "init1al"});
  KeyManagerRow elsewhere = row("Elsewhere");
  const Resources& resources = server_.resources();
  elsewhere.registration_token =
      to_base64(resources.sealer.seal("init1al", "key_manager registration", resources.random));
  add(elsewhere);

  const auto made = ask("", wish());
  ASSERT_EQ(made.status, 201) << made.response.body;
  EXPECT_EQ(text_or(made.body, "client_id", ""), "made-1");
  EXPECT_EQ(text_or(made.body, "client_secret", ""), "secret-1");
  EXPECT_EQ(made.response.body.find("token-of"), std::string::npos) << "what manages it is sealed";
  const json::object there = provider_.clients().at("made-1");
  EXPECT_EQ(text_or(there, "client_name", ""), "anna_shop_PRODUCTION");
  EXPECT_EQ(texts_of(there, "grant_types"), std::vector<std::string>{"client_credentials"})
      << "grant types that it has not are left out";
  EXPECT_EQ(texts_of(there, "response_types").size(), 0U);

  const auto changed = ask("/update", about(made, {{"grant_types", {"authorization_code"}}}));
  ASSERT_EQ(changed.status, 200) << changed.response.body;
  EXPECT_EQ(texts_of(provider_.clients().at("made-1"), "response_types"),
            std::vector<std::string>{"code"});

  EXPECT_EQ(ask("/remove", about(changed)).status, 204);
  EXPECT_TRUE(provider_.clients().empty());
  EXPECT_EQ(ask("/remove", about(changed)).status, 204) << "it is gone already";
  EXPECT_EQ(ask("/update", about(changed)).status, 404);
}

TEST_F(ClientsElsewhere, GetAnotherSecretWhereTheServerGivesOne) {
  add(row("Elsewhere"));
  const auto made = ask("", wish());
  const auto same = ask("/update", about(made));
  // The record is another one, because a server may change the token that manages the client.
  EXPECT_EQ(same.status, 200);
  EXPECT_EQ(text_or(same.body, "client_secret", "?"), "");
  EXPECT_NE(text_or(same.body, "registration", ""), "");
  provider_.set({.new_secrets = true});
  const auto other = ask("/update", about(made));
  ASSERT_EQ(other.status, 200) << other.response.body;
  EXPECT_EQ(text_or(other.body, "client_secret", ""), "secret-2");
}

TEST_F(ClientsElsewhere, AreLeftAloneWhereNobodyMayManageThem) {
  provider_.set({.managed = false});
  add(row("Elsewhere"));
  const auto made = ask("", wish());
  ASSERT_EQ(made.status, 201);
  EXPECT_EQ(code(ask("/update", about(made))), 901405);
  EXPECT_EQ(ask("/remove", about(made)).status, 204);
  EXPECT_EQ(provider_.clients().size(), 1U);
}

struct RefusedCase {
  const char* name;
  json::object over;  // of the wish
  int status;
  std::int64_t code;
  const char* says;
};

TEST_F(ClientsElsewhere, AreRefusedWithTheReason) {
  add(row("Elsewhere"));
  add(row("Closed", {{"enableOAuthAppCreation", false}}));
  add(row("Bare", {{"clientRegistrationEndpoint", ""}}));
  KeyManagerRow off = row("Off");
  off.enabled = false;
  add(off);
  const RefusedCase cases[] = {
      {"creation_is_off", {{"key_manager", "Closed"}}, 400, 901405, "makes no OAuth clients"},
      {"no_endpoint", {{"key_manager", "Bare"}}, 400, 901405, "makes no OAuth clients"},
      {"switched_off", {{"key_manager", "Off"}}, 400, 901406, "switched off"},
      {"unknown", {{"key_manager", "Nobody"}}, 404, 901411, "No such key manager"},
      {"other_tenant", {{"tenant", 2}}, 404, 901411, "No such key manager"},
      {"no_grant_type", {{"grant_types", {"password"}}}, 400, 400, "none of the grant types"},
      {"in_its_words", {{"name", "refused"}}, 400, 400, "not this name"},
  };
  for (const RefusedCase& row : cases) {
    const auto answer = ask("", wish(row.over));
    EXPECT_EQ(answer.status, row.status) << row.name << answer.response.body;
    EXPECT_EQ(code(answer), row.code) << row.name;
    EXPECT_NE(answer.response.body.find(row.says), std::string::npos)
        << row.name << answer.response.body;
  }
  EXPECT_TRUE(provider_.clients().empty());
}

TEST_F(ClientsElsewhere, HoldUpNobodyWhileTheirServerIsSilent) {
  add(row("Elsewhere"));
  provider_.fall_silent();
  std::vector<std::jthread> waiting;
  for (int i = 0; i < ProviderClients::asking_max; ++i) {
    waiting.emplace_back([&] { ask("", wish()); });
  }
  while (provider_.asked() < ProviderClients::asking_max) std::this_thread::yield();
  const auto refused = ask("", wish());
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.response.headers.find("Retry-After"), nullptr);
  EXPECT_EQ(provider_.asked(), ProviderClients::asking_max) << "nobody was asked once more";
  provider_.speak();
  waiting.clear();
  EXPECT_EQ(ask("", wish()).status, 201);
}

}  // namespace
}  // namespace gatehouse::keymanager
