// SPDX-License-Identifier: Apache-2.0
#include "keymanager/client_keys.h"

#include <thread>

#include "keymanager/foreign/test_provider.h"
#include "keymanager/test_key_manager.h"

namespace gatehouse::keymanager {
namespace {

const auto any = [](const ClientKeySet& set) { return !set.keys.empty(); };

storage::Client client_at(const std::string& url) {
  storage::Client client;
  client.document["jwks_uri"] = url;
  return client;
}

class FetchedKeys : public ::testing::Test {
 protected:
  bool found(const std::string& kid) {
    return keys_
        .find(client_at(provider_.url + "/jwks"),
              [&](const ClientKeySet& set) {
                return set.keys.find(kid, jose::Algorithm::es256) != nullptr;
              })
        .has_value();
  }

  TestKeyManager server_;
  TestProvider provider_;
  ClientKeys keys_{server_.resources()};
};

TEST_F(FetchedKeys, AreRememberedAndReadAgainWhenTheyAreOld) {
  const std::string kid = provider_.kid();
  EXPECT_TRUE(found(kid));
  EXPECT_TRUE(found(kid));
  EXPECT_EQ(provider_.asked(), 1);
  server_.clock().advance(ClientKeys::fresh);
  EXPECT_TRUE(found(kid));
  EXPECT_EQ(provider_.asked(), 2);
}

TEST_F(FetchedKeys, AreReadAgainForAnUnknownKidButNotAllTheTime) {
  EXPECT_TRUE(found(provider_.kid()));
  provider_.rotate();
  EXPECT_FALSE(found(provider_.kid()));  // too early to ask
  EXPECT_EQ(provider_.asked(), 1);
  server_.clock().advance(ClientKeys::interval);
  EXPECT_TRUE(found(provider_.kid()));
  EXPECT_EQ(provider_.asked(), 2);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(found("made up"));
  server_.clock().advance(ClientKeys::interval);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(found("made up"));
  EXPECT_EQ(provider_.asked(), 3);
}

TEST_F(FetchedKeys, ServeForAWhileWhenTheirServerFails) {
  const std::string kid = provider_.kid();
  EXPECT_TRUE(found(kid));
  provider_.fail_with(500);
  server_.clock().advance(ClientKeys::fresh);
  EXPECT_TRUE(found(kid));
  EXPECT_TRUE(found(kid));
  EXPECT_EQ(provider_.asked(), 2);  // left alone for a moment
  server_.clock().advance(ClientKeys::stale_max);
  EXPECT_FALSE(found(kid));
  provider_.fail_with(200);
  server_.clock().advance(ClientKeys::rest_max);
  EXPECT_TRUE(found(kid));
}

TEST_F(FetchedKeys, OfAFailingServerAreAskedForEverMoreSeldom) {
  provider_.fail_with(404);
  for (int second = 0; second < 3600; ++second) {
    EXPECT_FALSE(found("x"));
    server_.clock().advance(std::chrono::seconds(1));
  }
  EXPECT_LE(provider_.asked(), 15);
}

TEST_F(FetchedKeys, OfASilentServerHoldUpNobodyElse) {
  TestProvider silent;
  silent.fall_silent();
  ClientKeys keys(server_.resources(), std::chrono::minutes(1));
  std::vector<std::thread> waiting;
  for (int i = 0; i < ClientKeys::blocked_max; ++i) {
    waiting.emplace_back([&] { EXPECT_TRUE(keys.find(client_at(silent.url + "/jwks"), any)); });
  }
  while (keys.blocked() < ClientKeys::blocked_max) std::this_thread::yield();
  // However many wait, the next one is told at once, and who needs nothing fetched is served.
  const auto one_more = keys.find(client_at(provider_.url + "/jwks"), any);
  ASSERT_FALSE(one_more);
  EXPECT_EQ(one_more.error().code, ErrorCode::unavailable);
  storage::Client registered;
  registered.document["jwks"] = provider_.key_set();
  EXPECT_TRUE(keys.find(registered, any));
  silent.speak();
  for (std::thread& thread : waiting) thread.join();
  EXPECT_EQ(silent.asked(), 1);  // one asked for all
  EXPECT_TRUE(keys.find(client_at(provider_.url + "/jwks"), any));
}

TEST_F(FetchedKeys, OfAServerThatNeverAnswersAreMissing) {
  TestProvider silent;
  silent.fall_silent();
  ClientKeys keys(server_.resources(), std::chrono::milliseconds(50));
  const auto missing = keys.find(client_at(silent.url + "/jwks"), any);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  silent.speak();
}

TEST_F(FetchedKeys, AreBoundedInNumber) {
  for (std::size_t i = 0; i < ClientKeys::entries_max + 10; ++i) {
    EXPECT_FALSE(keys_.find(client_at(fmt::format("ftp://client/{}", i)), any));
    server_.clock().advance(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(keys_.remembered(), ClientKeys::entries_max);
  EXPECT_TRUE(found(provider_.kid()));
}

struct AddressCase {
  const char* name;
  std::string address;
};

TEST_F(FetchedKeys, AreNotThereWhenTheAddressIsNoGood) {
  const AddressCase cases[] = {{"no_key_set", provider_.url + "/metadata"},
                               {"absent", provider_.url + "/none"},
                               {"link_local", "http://169.254.169.254/jwks"},
                               {"link_local_in_six", "http://[::ffff:169.254.169.254]/jwks"},
                               {"file", "file:///etc/passwd"},
                               {"user_information", "http://a@127.0.0.1/jwks"},
                               {"no_url", "jwks"}};
  for (const AddressCase& row : cases) {
    const auto keys = keys_.find(client_at(row.address), any);
    ASSERT_FALSE(keys) << row.name;
    EXPECT_EQ(keys.error().code, ErrorCode::not_found) << row.name;
  }
}

// At the token endpoint: a client that proves itself by what its `jwks_uri` serves.
TEST_F(FetchedKeys, ProveTheirClient) {
  const std::string client = server_.client();
  const std::string id = client.substr(0, client.find(':'));
  server_.describe(client, {{"token_endpoint_auth_method", "private_key_jwt"},
                            {"jwks_uri", provider_.url + "/jwks"}});
  int number = 0;
  const auto error = [&] {
    const std::int64_t now = to_ms(server_.clock().now()) / 1000;
    const std::string assertion = provider_.sign({{"iss", id},
                                                  {"sub", id},
                                                  {"aud", "https://localhost:9443/oauth2/token"},
                                                  {"jti", std::to_string(++number)},
                                                  {"exp", now + 60}});
    const auto answer =
        server_.token("grant_type=client_credentials&client_assertion_type=" +
                          percent_encode(client_assertion_type) + "&client_assertion=" + assertion,
                      "");
    return answer.status == 200 ? std::string() : text_or(answer.body, "error", "");
  };
  EXPECT_EQ(error(), "");
  provider_.rotate();
  EXPECT_EQ(error(), "invalid_client");
  server_.clock().advance(ClientKeys::interval);
  EXPECT_EQ(error(), "");
  server_.describe(client, {{"token_endpoint_auth_signing_alg", "RS256"}});
  EXPECT_EQ(error(), "invalid_client");
  server_.describe(client, {{"token_endpoint_auth_signing_alg", "ES256"}});
  EXPECT_EQ(error(), "");
  provider_.fail_with(500);
  server_.clock().advance(ClientKeys::stale_max);
  EXPECT_EQ(error(), "invalid_client");
}

}  // namespace
}  // namespace gatehouse::keymanager
