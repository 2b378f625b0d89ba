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

// Each row is a request over a connection with this certificate, to an API of these schemes.
struct CertificateCase {
  const char* name;
  std::vector<std::string> schemes;
  const char* thumbprint;
  const char* fields;
  std::uint32_t code;  // 0: proceeds
  Credential by;
};

TEST_F(StageTest, ACertificateOpensWhatItsSchemesSay) {
  const std::vector<std::string> alone{"mutualssl"};
  const std::vector<std::string> either{"mutualssl", "oauth2", "api_key"};
  const std::vector<std::string> needed{"mutualssl", "oauth2", "mutualssl_mandatory"};
  const std::vector<std::string> token_needed{"mutualssl", "oauth2",
                                              "oauth_basic_auth_api_key_mandatory"};
  const std::vector<std::string> both{"mutualssl", "oauth2", "mutualssl_mandatory",
                                      "oauth_basic_auth_api_key_mandatory"};
  const std::vector<std::string> none{"oauth2", "api_key"};
  const char* token = "Authorization: Bearer t\r\n";
  const CertificateCase cases[] = {
      {"alone, shown", alone, "ours", "", 0, Credential::certificate},
      {"alone, not shown", alone, "", "", 900911, Credential::none},
      {"alone, another", alone, "theirs", "", 900911, Credential::none},
      {"alone, a token instead", alone, "", token, 900911, Credential::none},
      {"alone, before its time", alone, "early", "", 900911, Credential::none},
      {"alone, after its time", alone, "old", "", 900911, Credential::none},
      {"either, shown", either, "ours", "", 0, Credential::certificate},
      {"either, a token", either, "", token, 0, Credential::token},
      {"either, a key", either, "theirs", "apikey: key-of-shop\r\n", 0, Credential::api_key},
      {"either, neither", either, "theirs", "", 900902, Credential::none},
      {"needed, shown", needed, "ours", "", 0, Credential::certificate},
      {"needed, a token instead", needed, "theirs", token, 900911, Credential::none},
      {"token needed, shown alone", token_needed, "ours", "", 900902, Credential::none},
      {"token needed, a token alone", token_needed, "", token, 0, Credential::token},
      {"both, both", both, "ours", token, 0, Credential::token},
      {"both, shown alone", both, "ours", "", 900902, Credential::none},
      {"both, a token alone", both, "", token, 900911, Credential::none},
      {"both, a token and a try-out key that holds not", both, "",
       "Authorization: Bearer t\r\nInternal-Key: x\r\n", 900901, Credential::test_key},
      {"not asked for", none, "ours", "", 900902, Credential::none},
  };
  remember("t", token_of("shop"));
  for (const CertificateCase& row : cases) {
    model::DeployedApi api = pizza();
    api.security_schemes = row.schemes;
    const Instant before = the_time - std::chrono::hours(1);
    const Instant after = the_time + std::chrono::hours(1);
    api.client_certificates = {
        {"ours", model::KeyType::production, "Gold", before, after},
        {"early", model::KeyType::production, "Gold", after, after + std::chrono::hours(1)},
        {"old", model::KeyType::production, "Gold", before, the_time}};
    model::FeedRange range = world();
    range.upserts.push_back(entry("api", "pizza", api));
    snapshot_ = Snapshot().with(range);
    ++snapshot_number_;
    exchange_.certificate_thumbprint = row.thumbprint;
    const Flow flow = run("GET /pizza/1/menu", row.fields);
    EXPECT_EQ(flow == Flow::proceed, row.code == 0) << row.name;
    EXPECT_EQ(static_cast<std::uint32_t>(exchange_.fault.code), row.code) << row.name;
    EXPECT_EQ(exchange_.credential_kind, row.by) << row.name;
  }
  exchange_.certificate_thumbprint.clear();
}

TEST_F(StageTest, ACertificateHasAQuotaAndAKeyTypeOfItsOwn) {
  model::DeployedApi api = pizza();
  api.security_schemes = {"mutualssl"};
  api.sandbox.urls = {"http://sandbox"};
  const Instant after = the_time + std::chrono::hours(1);
  api.client_certificates = {{"one", model::KeyType::sandbox, "Two", {}, after},
                             {"other", model::KeyType::production, "Two", {}, after}};
  model::KnownPolicy two{"two", 1,    model::PolicyLevel::subscription, "Two", false, 2, 60, 0, 1,
                         true,  false};
  model::FeedRange range = world();
  range.upserts.push_back(entry("api", "pizza", api));
  range.upserts.push_back(entry("policy", "two", two));
  snapshot_ = Snapshot().with(range);
  exchange_.certificate_thumbprint = "one";
  EXPECT_EQ(run("GET /pizza/1/menu"), Flow::need_permit);
  ASSERT_EQ(exchange_.permit.size(), 1U);
  EXPECT_EQ(exchange_.demanded[0].code, FaultCode::subscription_limit);
  EXPECT_EQ(exchange_.backends->list.front().origin.host(), "sandbox");
  exchange_.certificate_thumbprint = "other";
  EXPECT_EQ(run("GET /pizza/1/menu"), Flow::need_permit);
  EXPECT_EQ(exchange_.backends->list.front().origin.host(), "backend");
  EXPECT_FALSE(exchange_.api->certificate("one", the_time)->quota_key ==
               exchange_.api->certificate("other", the_time)->quota_key);
  exchange_.certificate_thumbprint.clear();
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
