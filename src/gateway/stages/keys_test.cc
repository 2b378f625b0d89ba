// SPDX-License-Identifier: Apache-2.0
#include "gateway/stages/test_stages.h"

namespace gatehouse::gateway {
namespace {

// Each row is a remembered token of a client, and what it opens.
struct ForeignCase {
  const char* name;
  const char* line;
  const char* client;
  const char* key_manager;
  model::TenantNumber tenant;
  std::uint32_t code;  // 0: proceeds
};

TEST_F(StageTest, ATokenCountsForTheClientsOfItsOwnKeyManager) {
  const ForeignCase cases[] = {
      {"ours", "GET /pizza/1/menu", "shop", "", 1, 0},
      {"theirs", "GET /pizza/1/menu", "theirs", "Keycloak", 1, 0},
      {"their_client_of_our_name", "GET /pizza/1/menu", "shop", "Keycloak", 1, 900908},
      {"our_client_of_their_name", "GET /pizza/1/menu", "theirs", "", 1, 900908},
      {"chosen", "GET /choosy/1/menu", "theirs", "Keycloak", 1, 0},
      {"not_chosen", "GET /choosy/1/menu", "shop", "", 1, 900901}};
  for (const ForeignCase& row : cases) {
    Token token = token_of(row.client);
    token.key_manager = row.key_manager;
    token.tenant = row.tenant;
    token.remember = std::chrono::seconds(row.key_manager[0] == '\0' ? 0 : 60);
    remember("t", token);
    const Flow flow = run(row.line, "Authorization: Bearer t\r\n");
    EXPECT_EQ(flow == Flow::proceed, row.code == 0) << row.name;
    EXPECT_EQ(static_cast<std::uint32_t>(exchange_.fault.code), row.code) << row.name;
  }
}

// What another server said is asked again where it does not hold, and of that server alone.
TEST_F(StageTest, AnothersTokenIsAskedAboutAgainAfterItsTimeAndForAnotherTenant) {
  Token token = token_of("theirs");
  token.key_manager = "Keycloak";
  token.remember = std::chrono::seconds(60);
  remember("t", token);
  now_ += std::chrono::seconds(59);
  EXPECT_EQ(run("GET /pizza/1/menu", "Authorization: Bearer t\r\n"), Flow::proceed);
  now_ += std::chrono::seconds(1);
  EXPECT_EQ(run("GET /pizza/1/menu", "Authorization: Bearer t\r\n"), Flow::need_credential);
  EXPECT_EQ(exchange_.asked_for, 1);
  token.tenant = 2;
  remember("t", token);
  EXPECT_EQ(run("GET /pizza/1/menu", "Authorization: Bearer t\r\n"), Flow::need_credential);
  token.tenant = 1;
  token.key_manager_stamp = 7;  // it is set up otherwise now
  remember("t", token);
  EXPECT_EQ(run("GET /pizza/1/menu", "Authorization: Bearer t\r\n"), Flow::need_credential);
  token.key_manager_stamp = 0;
  token.key_manager = "Gone";
  remember("t", token);
  EXPECT_EQ(run("GET /pizza/1/menu", "Authorization: Bearer t\r\n"), Flow::need_credential);
}

TEST_F(StageTest, AKeyThatWasUsedSaysWhen) {
  EXPECT_TRUE(snapshot_->api_keys_used(0).empty());
  EXPECT_EQ(run("GET /pizza/1/menu", "apikey: key-of-shop\r\n"), Flow::proceed);
  EXPECT_EQ(run("GET /pizza/1/menu", "apikey: key-of-old\r\n"), Flow::answer);
  const json::array used = snapshot_->api_keys_used(to_ms(the_time));
  ASSERT_EQ(used.size(), 1U);
  EXPECT_EQ(text_or(used.at(0).as_object(), "id", ""), "k1");
  EXPECT_EQ(number_or(used.at(0).as_object(), "at_ms", 0), to_ms(the_time));
  EXPECT_TRUE(snapshot_->api_keys_used(to_ms(the_time) + 1).empty());
}

TEST_F(StageTest, ATestKeyMustHold) {
  EXPECT_EQ(run("GET /pizza/1/menu", "Internal-Key: x\r\n"), Flow::answer);
  EXPECT_EQ(exchange_.fault.code, FaultCode::invalid_credentials);
  EXPECT_EQ(run("GET /pizza/1/menu", "Internal-Key: x\r\nInternal-Key: y\r\n"), Flow::answer);
  EXPECT_EQ(exchange_.fault.code, FaultCode::invalid_credentials);
  EXPECT_EQ(run("GET /pizza/1/menu"), Flow::answer);
  EXPECT_EQ(exchange_.fault.code, FaultCode::missing_credentials);
}

}  // namespace
}  // namespace gatehouse::gateway
