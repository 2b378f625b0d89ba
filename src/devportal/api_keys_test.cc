// SPDX-License-Identifier: Apache-2.0
#include "devportal/test_devportal.h"
#include "storage/apis/api_key_store.h"
#include "storage/apis/ownership.h"

namespace gatehouse::devportal {
namespace {

TEST_F(DevPortalTest, ApiKeysAreShownOnceAndKeptAsDigests) {
  const std::string id = make_application();
  const std::string keys = "/applications/" + id + "/api-keys/PRODUCTION";
  changes();
  const rest::TestAnswer made =
      ask("subscriber", "POST " + keys + "/generate",
          R"({"keyName":"k","validityPeriod":60,)"
          R"("additionalProperties":{"permittedIP":"10.0.0.0/8, 1.2.3.4"}})");
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(changes(), "api_key ");
  const std::string key = made.field("apikey");
  EXPECT_GE(key.size(), 43U);
  const auto row = databases_.api_manager().read([&](storage::Transaction& transaction) {
    return storage::ApiKeyStore(transaction, 1).find_by_hash(to_bytes(sha256(key)));
  });
  ASSERT_TRUE(row);
  EXPECT_EQ(row->permitted_addresses, (std::vector<std::string>{"10.0.0.0/8", "1.2.3.4"}));
  EXPECT_EQ(row->expires_at - row->created_at, std::chrono::seconds(60));

  const rest::TestAnswer listed = ask("subscriber", "GET " + keys);
  ASSERT_EQ(listed.list().size(), 1U);
  EXPECT_EQ(listed.text.find(key), std::string::npos);
  EXPECT_EQ(ask("other", "POST " + keys + "/revoke", R"({"apikey":")" + key + R"("})").status, 404);
  EXPECT_EQ(ask("subscriber", "POST " + keys + "/revoke", R"({"apikey":")" + key + R"("})").status,
            200);
  EXPECT_EQ(changes(), "api_key ");
  EXPECT_EQ(ask("subscriber", "GET " + keys).list().size(), 0U);
}

class BoundKeys : public DevPortalTest {
 protected:
  BoundKeys() {
    api_ = add_api("Pizza");
    application_ = make_application();
    keys_ = "/apis/" + api_ + "/api-keys";
    tied_ = "/applications/" + application_ + "/api-keys/PRODUCTION";
  }

  // Makes a key of the API; returns its id.
  std::string make_key(const std::string& name, const std::string& type = "PRODUCTION") {
    const rest::TestAnswer made =
        ask("subscriber", "POST " + keys_ + "/generate",
            R"({"keyName":")" + name + R"(","keyType":")" + type + R"("})");
    EXPECT_EQ(made.status, 200) << made.text;
    clock_.advance(std::chrono::milliseconds(1));  // the next one is younger
    return text_or(ask("subscriber", "GET " + keys_).list().back().as_object(), "keyUUID", "");
  }
  rest::TestAnswer tie(const std::string& key, const std::string& user = "subscriber") {
    return ask(user, "POST " + tied_ + "/associate",
               R"({"apiUUID":")" + api_ + R"(","keyUUID":")" + key + R"("})");
  }
  static std::string of(const std::string& key) { return R"({"keyUUID":")" + key + R"("})"; }
  std::string names(const std::string& path, const std::string& user = "subscriber") {
    std::string text;
    const rest::TestAnswer answer = ask(user, "GET " + path);
    for (const json::value& item : answer.list()) {
      text += text_or(item.as_object(), "keyName", "?") + " ";
    }
    return text;
  }

  std::string api_;
  std::string application_;
  std::string keys_;  // paths
  std::string tied_;
};

TEST_F(BoundKeys, AnswerInTheFormOfTheContract) {
  ask("subscriber", "POST /subscriptions", wish(api_, application_));
  const std::string key = make_key("k");
  EXPECT_EQ(golden("devportal-free-keys", ask("subscriber", "GET " + tied_ + "/subscriptions")),
            "");
  EXPECT_EQ(golden("devportal-associate", tie(key)), "");
  EXPECT_EQ(golden("devportal-tied-keys", ask("subscriber", "GET " + tied_ + "/associations")), "");
  EXPECT_EQ(golden("devportal-bound-keys", ask("subscriber", "GET " + keys_)), "");
}

TEST_F(BoundKeys, AreTiedToAnApplicationFromEitherSide) {
  const std::string key = make_key("k");
  changes();
  EXPECT_EQ(tie(key).status, 200);
  EXPECT_EQ(changes(), "api_key ");
  EXPECT_EQ(names(tied_ + "/associations"), "k ");
  EXPECT_EQ(names(tied_), "");  // it opens one API alone, and is listed as such
  EXPECT_EQ(ask("subscriber", "POST " + keys_ + "/dissociate", of(key)).status, 200);
  EXPECT_EQ(names(tied_ + "/associations"), "");
  EXPECT_EQ(ask("subscriber", "POST " + keys_ + "/associate",
                R"({"applicationUUID":")" + application_ + R"(","keyUUID":")" + key + R"("})")
                .status,
            200);
  EXPECT_EQ(ask("subscriber", "POST " + tied_ + "/dissociate", of(key)).status, 200);
  EXPECT_EQ(names(tied_ + "/associations"), "");
  EXPECT_EQ(ask("subscriber", "POST " + keys_ + "/dissociate", of(key)).code(), 902061);
}

TEST_F(BoundKeys, AreOfferedToApplicationsThatSubscribe) {
  make_key("k");
  make_key("s", "SANDBOX");
  EXPECT_EQ(names(tied_ + "/subscriptions"), "");
  ask("subscriber", "POST /subscriptions", wish(api_, application_));
  EXPECT_EQ(names(tied_ + "/subscriptions"), "k ");
  EXPECT_EQ(names("/applications/" + application_ + "/api-keys/SANDBOX/subscriptions"), "s ");
  const std::string second = make_key("second");
  EXPECT_EQ(tie(second).status, 200);
  EXPECT_EQ(names(tied_ + "/subscriptions"), "k ");
}

TEST_F(BoundKeys, BelongToTheirMaker) {
  const std::string key = make_key("k");
  const std::string sandbox = make_key("s", "SANDBOX");
  const std::string theirs = make_application("Stove", "other");
  const std::string other_side = "/applications/" + theirs + "/api-keys/PRODUCTION";
  EXPECT_EQ(names(keys_, "other"), "");
  const auto post = [](const std::string& path) { return "POST " + path; };
  const std::string with_api = R"({"apiUUID":")" + api_ + R"(","keyUUID":")" + key + R"("})";
  const struct {
    const char* name;
    const char* user;
    std::string call;
    std::string body;
    int code;
  } cases[] = {
      {"another's key", "other", post(keys_ + "/regenerate"), of(key), 909008},
      {"another's key, revoked", "other", post(keys_ + "/revoke"), of(key), 909008},
      {"another's key for mine", "other", post(other_side + "/associate"), with_api, 909008},
      {"another's application", "other", post(tied_ + "/associate"), with_api, 900307},
      {"a key that is not there", "subscriber", post(keys_ + "/revoke"), of("none"), 909008},
      {"a key of the other type", "subscriber", post(tied_ + "/associate"),
       R"({"apiUUID":")" + api_ + R"(","keyUUID":")" + sandbox + R"("})", 909008},
      {"an API that is not there", "subscriber", post(tied_ + "/associate"),
       R"({"apiUUID":"none","keyUUID":")" + key + R"("})", 900308},
      {"a key without API", "subscriber", post(tied_ + "/associate"), of(key), 400},
      {"one that is not tied here", "subscriber", post(tied_ + "/dissociate"), of(key), 909008},
      {"nobody", "", post(tied_ + "/associate"), with_api, 900902},
      {"a role without the scope", "creator", post(tied_ + "/associate"), with_api, 900910},
  };
  for (const auto& row : cases) {
    EXPECT_EQ(ask(row.user, row.call, row.body).code(), row.code) << row.name;
  }
}

// Else the former owner could make it anew, and call as an application of somebody else.
TEST_F(BoundKeys, GoWithTheirApplicationToItsNextOwner) {
  const std::string key = make_key("k");
  EXPECT_EQ(tie(key).status, 200);
  const auto passed = databases_.api_manager().write([&](storage::Transaction& transaction) {
    return storage::Ownership(transaction, 1)
        .pass_application(*storage::ApplicationStore(transaction, 1).find(application_),
                          {"user-other", "other"}, clock_.now());
  });
  ASSERT_TRUE(passed) << passed.error().message;
  EXPECT_EQ(ask("subscriber", "POST " + keys_ + "/regenerate", of(key)).code(), 909008);
  EXPECT_EQ(names(tied_ + "/associations", "other"), "k ");
  EXPECT_EQ(ask("other", "POST " + keys_ + "/regenerate", of(key)).status, 200);
}

}  // namespace
}  // namespace gatehouse::devportal
