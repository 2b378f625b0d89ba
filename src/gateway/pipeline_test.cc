// SPDX-License-Identifier: Apache-2.0
#include "gateway/pipeline.h"

#include "gateway/stages/test_stages.h"

namespace gatehouse::gateway {
namespace {

using std::chrono::seconds;

class NextJudgement : public StageTest {
 protected:
  NextJudgement() {
    model::FeedRange range;
    range.tag = "t";
    range.from = 1;
    range.to = 2;
    model::DeployedApi mutual = pizza();
    mutual.id = "mutual";
    mutual.context = "/mutual";
    mutual.security_schemes = {"mutualssl", "oauth2"};
    mutual.client_certificates = {
        {"shown", model::KeyType::production, "", {}, the_time + seconds(8)}};
    range.upserts.push_back(entry("api", "mutual", mutual));
    model::KnownApiKey key;
    key.id = "short";
    key.tenant = model::first_tenant;
    key.hash = sha256_hex("key-of-a-moment");
    key.application_id = "shop";
    key.expires_at = the_time + seconds(9);
    range.upserts.push_back(entry("api_key", "short", key));
    snapshot_ = snapshot_->with(range);
  }
};

// Each row: what the call stands on, and how long that holds for certain.
TEST_F(NextJudgement, IsWhenTheFirstOfWhatItStandsOnEnds) {
  struct Row {
    const char* what;
    seconds token_left;   // 0: it has no token
    seconds remember;     // 0: as the cache has it
    seconds token_age;    // since it was checked
    const char* api_key;  // of "apikey"
    const char* certificate;
    seconds expected;
  };
  rules_.ttl = seconds(40);
  const Row rows[] = {
      {"nothing", seconds(0), {}, {}, "", "", judged_every},
      {"a token", seconds(10), {}, {}, "", "", seconds(10)},
      {"a long token", std::chrono::hours(100'000), {}, {}, "", "", judged_every},
      {"one that is remembered", seconds(30), seconds(5), seconds(2), "", "", seconds(3)},
      {"for longer than the cache does", seconds(50), seconds(100), seconds(15), "", "",
       seconds(25)},
      {"and ends before", seconds(1), seconds(5), seconds(2), "", "", seconds(1)},
      {"one that nobody could be asked about", seconds(30), seconds(5), seconds(5), "", "",
       judged_soon},
      {"for long", seconds(30), seconds(5), seconds(500), "", "", judged_soon},
      {"an API key without an end", {}, {}, {}, "key-of-shop", "", judged_every},
      {"an API key", {}, {}, {}, "key-of-a-moment", "", seconds(9)},
      {"a certificate", {}, {}, {}, "", "shown", seconds(8)},
      {"a certificate and a token", seconds(10), {}, {}, "", "shown", seconds(8)},
      {"a token and a certificate", seconds(7), {}, {}, "", "shown", seconds(7)},
      {"a certificate that counts nowhere", {}, {}, {}, "", "another", judged_every},
  };
  for (const Row& row : rows) {
    const bool mutual = *row.certificate != 0;
    const std::string key = row.api_key;
    run(mutual ? "GET /mutual/1/menu" : "GET /pizza/1/menu",
        key.empty() ? "" : "apikey: " + key + "\r\n");
    exchange_.certificate_thumbprint = row.certificate;
    Token token = token_of("shop");
    token.expires_at = the_time + row.token_left;
    token.remember = row.remember;
    token.checked_at = now_ - row.token_age;
    exchange_.token = row.token_left.count() == 0 ? nullptr : &token;
    EXPECT_EQ(next_judgement(exchange_, rules_) - now_, row.expected) << row.what;
    exchange_.token = nullptr;
    exchange_.certificate_thumbprint.clear();
  }
}

TEST_F(NextJudgement, OfTheTryOutConsoleIsSoon) {
  run("GET /pizza/1/menu");
  exchange_.credential_kind = Credential::test_key;
  EXPECT_EQ(next_judgement(exchange_, rules_) - now_, judged_soon);
}

}  // namespace
}  // namespace gatehouse::gateway
