// SPDX-License-Identifier: Apache-2.0
#include "gateway/stages/stages.h"
#include "gateway/stages/test_stages.h"

namespace gatehouse::gateway {
namespace {

const std::string handshake =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string bearer = "Authorization: Bearer shop\r\n";

struct UpgradeCase {
  const char* name;
  const char* line;
  std::string fields;
  std::uint32_t code;  // 0: proceeds
  bool websocket;
};

class Upgrade : public StageTest, public ::testing::WithParamInterface<UpgradeCase> {
 protected:
  Upgrade() {
    model::DeployedApi chat = pizza();
    chat.id = "chat";
    chat.context = "/chat";
    chat.websocket = true;
    model::FeedRange range;
    range.tag = "t";
    range.from = 1;
    range.to = 2;
    range.upserts = {
        entry("api", "chat", chat),
        entry("subscription", "s",
              model::KnownSubscription{"s", 1, "chat", "shop", "Unlimited", "UNBLOCKED"})};
    snapshot_ = snapshot_->with(range);
    remember("shop", token_of("shop"));
  }
};

TEST_P(Upgrade, IsJudgedBeforeTheCaller) {
  run(GetParam().line, GetParam().fields);
  EXPECT_EQ(static_cast<std::uint32_t>(exchange_.fault.code), GetParam().code);
  EXPECT_EQ(exchange_.websocket, GetParam().websocket);
  if (GetParam().code != 426) return;
  EXPECT_NE(exchange_.fields.find("Upgrade: websocket\r\n"), std::string::npos);
  EXPECT_NE(exchange_.fields.find("Sec-WebSocket-Version: 13\r\n"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, Upgrade,
    ::testing::Values(
        UpgradeCase{"on_a_websocket_api", "GET /chat/1/menu", handshake + bearer, 0, true},
        UpgradeCase{"on_an_http_api", "GET /pizza/1/menu", handshake + bearer, 0, true},
        UpgradeCase{"none_on_a_websocket_api", "GET /chat/1/menu", bearer, 426, false},
        UpgradeCase{"h2c_on_a_websocket_api", "GET /chat/1/menu",
                    "Connection: Upgrade\r\nUpgrade: h2c\r\n" + bearer, 426, false},
        UpgradeCase{"h2c_on_an_http_api", "GET /pizza/1/menu",
                    "Connection: Upgrade\r\nUpgrade: h2c\r\n" + bearer, 0, false},
        UpgradeCase{"old_version", "GET /pizza/1/menu",
                    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                    426, false},
        UpgradeCase{"no_key", "GET /pizza/1/menu",
                    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
                    400, false},
        UpgradeCase{"known_origin", "GET /chat/1/menu",
                    handshake + bearer + "Origin: https://shop.example\r\n", 0, true},
        UpgradeCase{"foreign_origin", "GET /chat/1/menu",
                    handshake + bearer + "Origin: https://evil.example\r\n", 900425, false},
        UpgradeCase{
            "two_origins", "GET /chat/1/menu",
            handshake + bearer + "Origin: https://shop.example\r\nOrigin: https://evil.example\r\n",
            900425, false},
        UpgradeCase{"token_in_query", "GET /chat/1/menu?a=1&access_token=shop", handshake, 0, true},
        UpgradeCase{"token_in_query_of_a_plain_call", "GET /pizza/1/menu?access_token=shop", "",
                    900902, false},
        UpgradeCase{"two_tokens", "GET /chat/1/menu?access_token=shop", handshake + bearer, 900901,
                    true},
        UpgradeCase{"no_token", "GET /chat/1/menu", handshake, 900902, true},
        UpgradeCase{"unknown_topic", "GET /chat/1/secret", handshake, 404, false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(StageTest, ACallUnderWayIsJudgedWithoutPermits) {
  remember("shop", token_of("shop"));
  ASSERT_EQ(run("GET /pizza/1/rare", bearer), Flow::need_permit);
  stage_ = 0;
  exchange_.judged_before = true;
  EXPECT_EQ(judge_again(exchange_, surroundings_, stage_), Flow::proceed);
  tokens_.erase(sha256("shop"));
  stage_ = 0;
  EXPECT_EQ(judge_again(exchange_, surroundings_, stage_), Flow::need_credential);
}

TEST_F(StageTest, AProofThatWasUsedIsNotAskedForAgain) {
  Token token = token_of("shop");
  token.key_thumbprint = "a-key";
  remember("bound", token);
  const std::string fields = "Authorization: DPoP bound\r\n";
  EXPECT_EQ(run("GET /pizza/1/menu", fields), Flow::answer);  // there is no proof
  exchange_.begin(head_);
  exchange_.path = head_.path();
  exchange_.snapshot = snapshot_.get();
  exchange_.now = the_time;
  exchange_.api = snapshot_->routes().find(exchange_.path).api;
  exchange_.operation = exchange_.api->find("/menu", "GET");
  exchange_.turn = now_;
  exchange_.judged_before = true;
  stage_ = 0;
  EXPECT_EQ(judge_again(exchange_, surroundings_, stage_), Flow::proceed);
}

}  // namespace
}  // namespace gatehouse::gateway
