// SPDX-License-Identifier: Apache-2.0
#include "keymanager/foreign/provider_keys.h"

#include "jose/key_set.h"
#include "keymanager/foreign/test_provider.h"
#include "keymanager/test_key_manager.h"
#include "storage/change_log.h"

namespace gatehouse::keymanager {
namespace {

using storage::KeyManagerRow;
using storage::KeyManagerStore;
using storage::Transaction;

class ForeignKeys : public ::testing::Test {
 protected:
  void add(const std::string& name, const TestProvider& provider) {
    KeyManagerRow row;
    row.id = row.name = name;
    row.issuer = provider.url;
    row.document["certificates"] =
        json::object{{"type", "JWKS"}, {"value", provider.url + "/jwks"}};
    ASSERT_TRUE(apis().write(
        [&](Transaction& transaction) { return KeyManagerStore(transaction, 1).insert(row); }));
  }
  storage::Database& apis() { return server_.databases().api_manager(); }
  void refresh() {
    ASSERT_TRUE(keys_.refresh());
    keys_.wait();
  }
  json::object stored(const std::string& name) {
    return apis()
        .read([&](Transaction& transaction) { return KeyManagerStore(transaction, 1).find(name); })
        ->key_set;
  }
  std::uint64_t changes() {
    return apis()
        .read([](Transaction& transaction) { return storage::change_head(transaction); })
        ->number;
  }

  TestKeyManager server_;
  TestProvider provider_;
  ProviderReader reader_{server_.resources().fetcher};
  ProviderKeys keys_{server_.resources(), reader_};
};

TEST_F(ForeignKeys, AreReadAgainAndAgainButNotAllTheTime) {
  add("one", provider_);
  refresh();
  const json::object first = stored("one");
  EXPECT_EQ(jose::KeySet::from_json(first)->to_json(), first);
  const std::uint64_t number = changes();
  refresh();
  EXPECT_EQ(provider_.asked(), 1);
  server_.clock().advance(ProviderKeys::interval);
  refresh();
  EXPECT_EQ(provider_.asked(), 2);
  EXPECT_EQ(changes(), number);  // the same keys are no news
  provider_.rotate();
  server_.clock().advance(ProviderKeys::interval);
  refresh();
  EXPECT_NE(stored("one"), first);
  EXPECT_EQ(changes(), number + 1);
}

TEST_F(ForeignKeys, OfASilentServerStayAndHoldUpNobody) {
  TestProvider silent;
  silent.fall_silent();
  add("a silent one", silent);
  add("one", provider_);
  ASSERT_TRUE(keys_.refresh());
  while (stored("one").empty()) std::this_thread::yield();
  silent.speak();
  keys_.wait();
  EXPECT_FALSE(stored("one").empty());
}

struct KeysCase {
  const char* name;
  json::object certificates;
  std::optional<ErrorCode> error;
};

TEST_F(ForeignKeys, ComeAsJwksOrPem) {
  const std::string pem =
      "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n"
      "q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n"
      "-----END PUBLIC KEY-----\n";
  const KeysCase cases[] = {
      {"jwks", {{"type", "JWKS"}, {"value", provider_.url + "/jwks"}}, std::nullopt},
      {"pem", {{"type", "PEM"}, {"value", pem}}, std::nullopt},
      {"base64_of_pem", {{"type", "PEM"}, {"value", to_base64(pem)}}, std::nullopt},
      {"no_pem", {{"type", "PEM"}, {"value", "bm9uZQ=="}}, ErrorCode::invalid_argument},
      {"no_base64", {{"type", "PEM"}, {"value", "?"}}, ErrorCode::invalid_argument},
      {"no_type", {{"value", pem}}, ErrorCode::invalid_argument},
      {"no_keys",
       {{"type", "JWKS"}, {"value", provider_.url + "/metadata"}},
       ErrorCode::invalid_argument},
      {"not_there", {{"type", "JWKS"}, {"value", provider_.url + "/none"}}, ErrorCode::unavailable},
      {"link_local",
       {{"type", "JWKS"}, {"value", "http://169.254.169.254/jwks"}},
       ErrorCode::forbidden},
      {"no_url", {{"type", "JWKS"}, {"value", "file:///etc/passwd"}}, ErrorCode::invalid_argument}};
  for (const KeysCase& row : cases) {
    const Result<json::object> keys = reader_.key_set(row.certificates);
    ASSERT_EQ(keys.has_value(), !row.error) << row.name;
    if (keys) {
      EXPECT_FALSE(jose::KeySet::from_json(*keys)->empty()) << row.name;
    } else {
      EXPECT_EQ(keys.error().code, *row.error) << row.name << keys.error().message;
    }
  }
}

}  // namespace
}  // namespace gatehouse::keymanager
