// SPDX-License-Identifier: Apache-2.0
#include "keymanager/token_endpoint.h"

#include <gmock/gmock.h>

#include "keymanager/test_key_manager.h"

namespace gatehouse::keymanager {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// One server for all rows: none of them changes anything.
TestKeyManager& shared() {
  static TestKeyManager server;
  return server;
}
const std::string& full_client() {
  static const std::string client = shared().client();
  return client;
}

// $C is the client's id, $S its secret, $B "$C:$S".
std::string filled(std::string text) {
  const std::string& pair = full_client();
  const std::size_t colon = pair.find(':');
  const auto replace = [&](std::string_view mark, const std::string& value) {
    for (std::size_t at; (at = text.find(mark)) != std::string::npos;) text.replace(at, 2, value);
  };
  replace("$C", pair.substr(0, colon));
  replace("$S", pair.substr(colon + 1));
  replace("$B", pair);
  return text;
}

// Each row is a request that RFC 6749 (the section is in the name) refuses.
struct ErrorCase {
  const char* name;
  const char* basic;
  const char* body;
  int status;
  const char* error;
};

class TokenError : public ::testing::TestWithParam<ErrorCase> {};

TEST_P(TokenError, IsThatOfTheStandard) {
  const auto answer = shared().token(filled(GetParam().body), filled(GetParam().basic));
  EXPECT_EQ(answer.status, GetParam().status) << answer.response.body;
  EXPECT_EQ(text_or(answer.body, "error", ""), GetParam().error);
  EXPECT_FALSE(text_or(answer.body, "error_description", "").empty());
  EXPECT_EQ(answer.body.size(), 2U);
  EXPECT_EQ(answer.response.headers.value_or("Content-Type", ""), "application/json");
  EXPECT_EQ(answer.response.headers.value_or("Cache-Control", ""), "no-store");
  EXPECT_EQ(answer.response.headers.value_or("Pragma", ""), "no-cache");
  EXPECT_EQ(answer.response.headers.count("WWW-Authenticate"), answer.status == 401 ? 1U : 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc6749, TokenError,
    ::testing::Values(
        ErrorCase{"s2_3_1_nobody", "", "grant_type=client_credentials", 401, "invalid_client"},
        ErrorCase{"s2_3_1_id_alone", "", "grant_type=client_credentials&client_id=$C", 401,
                  "invalid_client"},
        ErrorCase{"s2_3_1_unknown_client", "nobody:x", "grant_type=client_credentials", 401,
                  "invalid_client"},
        ErrorCase{"s2_3_1_wrong_secret", "$C:x", "grant_type=client_credentials", 401,
                  "invalid_client"},
        ErrorCase{"s2_3_1_empty_secret", "$C:", "grant_type=client_credentials", 401,
                  "invalid_client"},
        ErrorCase{"s2_3_1_secret_and_more", "$Bx", "grant_type=client_credentials", 401,
                  "invalid_client"},
        ErrorCase{"s2_3_1_broken_percent", "$C:%zz", "grant_type=client_credentials", 401,
                  "invalid_client"},
        ErrorCase{"s2_3_1_no_colon", "$C", "grant_type=client_credentials", 401, "invalid_client"},
        ErrorCase{"s2_3_1_wrong_secret_in_body", "",
                  "grant_type=client_credentials&client_id=$C&client_secret=x", 401,
                  "invalid_client"},
        ErrorCase{"s2_3_two_methods", "$B",
                  "grant_type=client_credentials&client_id=$C&client_secret=$S", 400,
                  "invalid_request"},
        ErrorCase{"s2_3_secret_in_both", "$B", "grant_type=client_credentials&client_secret=$S",
                  400, "invalid_request"},
        ErrorCase{"s2_3_another_id_in_body", "$B", "grant_type=client_credentials&client_id=other",
                  400, "invalid_request"},
        ErrorCase{"s3_2_duplicate_grant_type", "$B",
                  "grant_type=client_credentials&grant_type=client_credentials", 400,
                  "invalid_request"},
        ErrorCase{"s3_2_duplicate_scope", "$B", "grant_type=client_credentials&scope=a&scope=b",
                  400, "invalid_request"},
        ErrorCase{"s3_2_duplicate_unknown", "$B", "grant_type=client_credentials&x=1&x=1", 400,
                  "invalid_request"},
        ErrorCase{"s3_2_duplicate_by_percent_code", "$B",
                  "grant_type=client_credentials&grant%5Ftype=password", 400, "invalid_request"},
        ErrorCase{"s3_2_no_grant_type", "$B", "scope=a", 400, "invalid_request"},
        ErrorCase{"s3_1_empty_grant_type", "$B", "grant_type=", 400, "invalid_request"},
        ErrorCase{"s3_2_empty_body", "$B", "", 400, "invalid_request"},
        ErrorCase{"s3_2_broken_percent", "$B", "grant_type=%zz", 400, "invalid_request"},
        ErrorCase{"s3_2_not_utf8", "$B", "grant_type=%ff", 400, "invalid_request"},
        ErrorCase{"s5_2_unknown_grant_type", "$B", "grant_type=magic", 400,
                  "unsupported_grant_type"},
        ErrorCase{"s5_2_grant_type_in_capitals", "$B", "grant_type=PASSWORD", 400,
                  "unsupported_grant_type"},
        ErrorCase{"s3_3_scope_with_quote", "$B", "grant_type=client_credentials&scope=a%22b", 400,
                  "invalid_scope"},
        ErrorCase{"s3_3_scope_with_newline", "$B", "grant_type=client_credentials&scope=a%0ab", 400,
                  "invalid_scope"},
        ErrorCase{"s4_3_2_no_username", "$B", "grant_type=password&password=x", 400,
                  "invalid_request"},
        ErrorCase{"s4_3_2_no_password", "$B", "grant_type=password&username=admin", 400,
                  "invalid_request"},
        ErrorCase{"s4_3_2_unknown_user", "$B", "grant_type=password&username=nobody&password=x",
                  400, "invalid_grant"},
        ErrorCase{"s4_3_2_wrong_password", "$B", "grant_type=password&username=admin&password=x",
                  400, "invalid_grant"},
        ErrorCase{"s4_3_2_unknown_tenant", "$B",
                  "grant_type=password&username=admin@nowhere&password=admin-password", 400,
                  "invalid_grant"},
        ErrorCase{"s6_no_refresh_token", "$B", "grant_type=refresh_token", 400, "invalid_request"},
        ErrorCase{"s6_unknown_refresh_token", "$B", "grant_type=refresh_token&refresh_token=x", 400,
                  "invalid_grant"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(TokenEndpoint, RefusesWhatIsNotAForm) {
  for (const char* type :
       {"", "application/json", "multipart/form-data", "application/x-www-form-urlencoded-not"}) {
    http::Request request = http::make_request("POST", "/oauth2/token", "{}", type);
    const http::Response response = shared()->public_handler().handle(request);
    EXPECT_EQ(response.status, 400) << type;
    EXPECT_THAT(response.body, HasSubstr("invalid_request"));
  }
}

TEST(TokenEndpoint, DoesNotReadTheQuery) {
  const auto answer =
      shared().form("/oauth2/token?grant_type=client_credentials", "", full_client());
  EXPECT_EQ(answer.status, 400);
}

TEST(TokenEndpoint, RefusesAClientThatMayNotUseTheGrant) {
  const std::string client = shared().client("OAUTH", {"client_credentials"});
  const auto answer =
      shared().token("grant_type=password&username=admin&password=admin-password", client);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(text_or(answer.body, "error", ""), "unauthorized_client");
}

TEST(TokenEndpoint, AnswersAnUnknownUserAsItDoesAWrongPassword) {
  const auto unknown =
      shared().token("grant_type=password&username=nobody&password=x", full_client());
  const auto wrong = shared().token("grant_type=password&username=admin&password=x", full_client());
  EXPECT_EQ(unknown.response.body, wrong.response.body);
}

TEST(TokenEndpoint, GivesAnOpaqueTokenToAnApplication) {
  const auto answer = shared().token("grant_type=client_credentials", full_client());
  ASSERT_EQ(answer.status, 200) << answer.response.body;
  EXPECT_THAT(text_or(answer.body, "access_token", ""), StartsWith("gate_"));
  EXPECT_EQ(text_or(answer.body, "scope", ""), "default");
  EXPECT_EQ(text_or(answer.body, "token_type", ""), "Bearer");
  EXPECT_EQ(number_or(answer.body, "expires_in", 0), 3600);
  EXPECT_FALSE(answer.body.contains("refresh_token"));
  EXPECT_EQ(answer.response.headers.value_or("Cache-Control", ""), "no-store");
}

TEST(TokenEndpoint, TakesClientCredentialsFromTheBody) {
  const auto answer =
      shared().token(filled("grant_type=client_credentials&client_id=$C&client_secret=$S"), "");
  EXPECT_EQ(answer.status, 200) << answer.response.body;
}

TEST(TokenEndpoint, LeavesOutScopesThatTheRolesDoNotAllow) {
  shared().add_user("carol", {"Internal/creator"});
  const auto answer = shared().token(
      "grant_type=password&username=carol&password=password-of-carol"
      "&scope=apim:api_view+apim:api_publish+nonsense+apim:api_create+apim:api_view+openid",
      full_client());
  ASSERT_EQ(answer.status, 200) << answer.response.body;
  EXPECT_EQ(text_or(answer.body, "scope", ""), "apim:api_view apim:api_create openid");
  EXPECT_THAT(text_or(answer.body, "refresh_token", ""), StartsWith("gatr_"));
}

TEST(TokenEndpoint, KeepsScopesOfUsersFromApplications) {
  const auto answer = shared().token(
      "grant_type=client_credentials&scope=apim:admin+apim:api_view+openid", full_client());
  EXPECT_EQ(text_or(answer.body, "scope", ""), "default");
}

TEST(TokenEndpoint, KnowsAUserByItsTenantToo) {
  const auto answer = shared().token(
      "grant_type=password&username=Admin%40carbon.super&password=admin-password", full_client());
  EXPECT_EQ(answer.status, 200) << answer.response.body;
}

TEST(TokenEndpoint, SaysThatPasswordsWait) {
  TestKeyManager server;
  Options options = quick_options();
  options.hash_turns = {.at_once = 1, .waiting_max = 0};
  KeyManager busy(server.resources(), options);
  ASSERT_TRUE(busy.start());
  const std::string client = server.client();
  const Result<HashTurns::Turn> taken = busy.passwords().turns().take();
  ASSERT_TRUE(taken);

  // A user who does not exist costs as much as one who does.
  for (const char* user : {"admin", "nobody"}) {
    http::Request request = http::make_request(
        "POST", "/oauth2/token",
        fmt::format("grant_type=password&username={}&password=admin-password", user),
        "application/x-www-form-urlencoded");
    request.headers.add("Authorization", "Basic " + to_base64(client));
    const http::Response response = busy.public_handler().handle(request);
    EXPECT_EQ(response.status, 503) << user;
    EXPECT_EQ(response.headers.value_or("Retry-After", ""), "1");
    EXPECT_THAT(response.body, HasSubstr("temporarily_unavailable"));
  }
}

}  // namespace
}  // namespace gatehouse::keymanager
