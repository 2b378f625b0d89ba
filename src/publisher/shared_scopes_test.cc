// SPDX-License-Identifier: Apache-2.0
#include "publisher/test_publisher.h"

namespace gatehouse::publisher {
namespace {

class SharedScopes : public PublisherTest {
 protected:
  std::string add(const std::string& name, const std::string& more = "") {
    const rest::TestAnswer answer =
        ask("admin", "POST /scopes", R"({"name":")" + name + R"(")" + more + "}");
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.field("id");
  }
  // What an API says that names `scope` and asks for it at one operation.
  static json::object using_scope(const std::string& scope, bool shared = true) {
    json::object changes = parse_json_object(R"({
      "operations": [{"target": "/open", "verb": "GET"},
                     {"target": "/menu", "verb": "GET", "scopes": []}]})")
                               .value();
    changes["operations"].as_array()[1].as_object()["scopes"] = json::array{scope};
    changes["scopes"] =
        json::array{json::object{{"scope", json::object{{"name", scope}}}, {"shared", shared}}};
    return changes;
  }
  // Its ids are drawn by chance.
  static rest::TestAnswer without_id(rest::TestAnswer answer) {
    json::object& body = answer.body.as_object();
    if (body.contains("id")) body["id"] = "…";
    if (body.contains("list")) {
      for (json::value& item : body["list"].as_array()) item.as_object()["id"] = "…";
    }
    return answer;
  }
  static json::object another(json::object changes) {
    changes["name"] = "Other";
    changes["context"] = "/other";
    return changes;
  }
};

TEST_F(SharedScopes, AnswerInTheFormOfTheContract) {
  const rest::TestAnswer made =
      ask("admin", "POST /scopes",
          R"({"name":"eat","displayName":"Eat","description":"May eat","bindings":["cook"]})");
  EXPECT_EQ(made.status, 201);
  const std::string path = "/scopes/" + made.field("id");
  EXPECT_EQ(made.headers.value_or("Location", ""), std::string(publisher_base) + path);
  EXPECT_EQ(golden("publisher-scope", without_id(made)), "");
  make_api(using_scope("eat"));
  EXPECT_EQ(golden("publisher-scopes", without_id(ask("admin", "GET /scopes"))), "");
  EXPECT_EQ(golden("publisher-scope-usage", without_id(ask("admin", "GET " + path + "/usage"))),
            "");
}

TEST_F(SharedScopes, AreNamedBySeveralApis) {
  const std::string id = add("eat");
  const std::string first = make_api(using_scope("eat"));
  make_api(another(using_scope("eat")));
  EXPECT_EQ(number_or(ask("admin", "GET /scopes/" + id).object(), "usageCount", 0), 2);
  EXPECT_EQ(ask("admin", "DELETE /scopes/" + id).code(), 900985);
  EXPECT_EQ(ask("admin", "PUT /apis/" + first, pizza()).status, 200);
  EXPECT_EQ(number_or(ask("admin", "GET /scopes/" + id).object(), "usageCount", 0), 1);
}

TEST_F(SharedScopes, StayWhileARevisionAsksForThem) {
  const std::string path = "DELETE /scopes/" + add("eat");
  const std::string api = make_published_api(using_scope("eat"));
  EXPECT_EQ(ask("admin", "PUT /apis/" + api, pizza()).status, 200);
  EXPECT_EQ(ask("admin", path).code(), 900985);
  EXPECT_EQ(ask("admin", "DELETE /apis/" + api).status, 200);
  EXPECT_EQ(ask("admin", path).status, 200);
}

TEST_F(SharedScopes, AreNotUsedByApisThatTheCallerMayNotSee) {
  const std::string path = "GET /scopes/" + add("eat") + "/usage";
  key_manager_.add_user("stranger", {"Internal/creator"});
  json::object hidden = using_scope("eat");
  hidden["accessControl"] = "RESTRICTED";
  hidden["accessControlRoles"] = json::array{"kitchen"};
  make_api(hidden);
  EXPECT_NE(ask("creator", path).text.find("Pizza"), std::string::npos);
  EXPECT_EQ(ask("stranger", path).text.find("Pizza"), std::string::npos);
}

TEST_F(SharedScopes, KeepTheirName) {
  const std::string path = "/scopes/" + add("eat");
  EXPECT_EQ(ask("admin", "PUT " + path, R"({"name":"drink"})").status, 400);
  const rest::TestAnswer changed =
      ask("admin", "PUT " + path, R"({"name":"eat","displayName":"Eating","bindings":["cook"]})");
  EXPECT_EQ(changed.status, 200) << changed.text;
  restart();
  EXPECT_EQ(ask("admin", "GET " + path).body, changed.body);
  EXPECT_EQ(ask("admin", "DELETE " + path).status, 200);
  EXPECT_EQ(ask("admin", "GET " + path).code(), 900981);
}

TEST_F(SharedScopes, AreNotDefinedTwice) {
  add("eat");
  make_api(using_scope("own", false));
  const auto create = [](const std::string& name) { return R"({"name":")" + name + R"("})"; };
  const struct {
    const char* name;
    std::string call;
    std::string body;
    int code;
  } cases[] = {
      {"a scope that exists", "POST /scopes", create("eat"), 900984},
      {"a scope of an API", "POST /scopes", create("own"), 900984},
      {"a scope of our own APIs", "POST /scopes", create("apim:all"), 901004},
      {"no name", "POST /scopes", "{}", 400},
      {"an API that defines it", "POST /apis", pizza(another(using_scope("eat", false))), 900988},
      {"an API that names none", "POST /apis", pizza(another(using_scope("drink"))), 901004},
      {"a change of none", "PUT /scopes/none", create("eat"), 900981},
      {"usage of none", "GET /scopes/none/usage", "", 900981}};
  for (const auto& row : cases) {
    EXPECT_EQ(ask("admin", row.call, row.body).code(), row.code) << row.name;
  }
  EXPECT_EQ(ask("subscriber", "GET /scopes").code(), 900910);
  EXPECT_EQ(ask("", "GET /scopes").code(), 900902);
}

TEST_F(SharedScopes, AreAskedForByName) {
  add("eat");
  make_api(using_scope("own", false));
  const auto status = [&](const std::string& name) {
    return ask("admin", "HEAD /scopes/" + to_base64url(name)).status;
  };
  EXPECT_EQ(status("eat"), 200);
  EXPECT_EQ(status("own"), 200);
  EXPECT_EQ(status("drink"), 404);
}

}  // namespace
}  // namespace gatehouse::publisher
