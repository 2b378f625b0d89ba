// SPDX-License-Identifier: Apache-2.0
#include "publisher/publisher.h"

#include "publisher/test_publisher.h"

namespace gatehouse::publisher {

namespace {

TEST_F(PublisherTest, ServesEveryOperationOfItsDocument) {
  const Result<> complete = router_->check();
  EXPECT_TRUE(complete) << complete.error().message;
}

TEST_F(PublisherTest, AnswersInTheFormOfTheContract) {
  const rest::TestAnswer created = ask("creator", "POST /apis", pizza());
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(created.headers.value_or("Location", ""),
            std::string(publisher_base) + "/apis/" + created.field("id"));
  EXPECT_EQ(golden("publisher-api", created), "");
  const std::string id = created.field("id");
  EXPECT_EQ(golden("publisher-api", ask("creator", "GET /apis/" + id)), "");
  EXPECT_EQ(golden("publisher-apis", ask("creator", "GET /apis")), "");
  EXPECT_EQ(golden("publisher-swagger", ask("creator", "GET /apis/" + id + "/swagger")), "");

  const std::string revision = make_revision(id);
  EXPECT_EQ(golden("publisher-deploy",
                   ask("publisher", "POST /apis/" + id + "/deploy-revision?revisionId=" + revision,
                       R"([{"name":"Default"}])")),
            "");
  EXPECT_EQ(golden("publisher-revisions", ask("creator", "GET /apis/" + id + "/revisions")), "");
  EXPECT_EQ(golden("publisher-publish", change_state(id, "Publish")), "");
  EXPECT_EQ(golden("publisher-policies", ask("creator", "GET /throttling-policies/subscription")),
            "");
}

// Who may do what. A creator makes APIs, a publisher brings them out, a subscriber does neither.
struct RightCase {
  const char* name;
  const char* user;
  std::string call;
  std::string body;
  int status;
};

TEST_F(PublisherTest, RolesDecideWhoMayDoWhat) {
  const std::string id = make_api();
  const std::string revision = make_revision(id);
  const std::string deploy = "POST /apis/" + id + "/deploy-revision?revisionId=" + revision;
  const std::string place = R"([{"name":"Default","vhost":"localhost"}])";
  const std::string publish = "POST /apis/change-lifecycle?action=Publish&apiId=" + id;
  const std::string another = pizza({{"name", "Pasta"}, {"context", "/pasta"}});
  const std::vector<RightCase> cases{
      {"subscriber creates", "subscriber", "POST /apis", another, 403},
      {"publisher creates", "publisher", "POST /apis", another, 403},
      {"anonymous creates", "", "POST /apis", another, 401},
      {"creator deploys", "creator", deploy, place, 403},
      {"creator publishes", "creator", publish, "", 403},
      {"subscriber publishes", "subscriber", publish, "", 403},
      {"publisher deploys", "publisher", deploy, place, 201},
      {"publisher publishes", "publisher", publish, "", 200},
      {"publisher deletes", "publisher", "DELETE /apis/" + id, "", 403},
      {"subscriber reads", "subscriber", "GET /apis", "", 403},
      {"creator creates", "creator", "POST /apis", another, 201},
  };
  for (const RightCase& each : cases) {
    const rest::TestAnswer answer = ask(each.user, each.call, each.body);
    EXPECT_EQ(answer.status, each.status) << each.name << ": " << answer.text;
    if (each.status >= 400) {
      EXPECT_GT(answer.code(), 900'000) << each.name;
    }
  }
}

TEST_F(PublisherTest, AnEnvironmentIsForThoseWhoseRolesOpenIt) {
  key_manager_.add_user("insider", {"Internal/publisher", "Kitchen"});
  add_environment("Inside", R"("permissions":{"permissionType":"ALLOW","roles":["kitchen"]})");
  add_environment("Outside", R"("permissions":{"permissionType":"DENY","roles":["Kitchen"]})");
  add_environment("Elsewhere", R"("mode":"READ_ONLY")");
  const std::string id = make_api();
  const std::string revision = make_revision(id);
  const std::string of_it = "-revision?revisionId=" + revision;
  const std::string deploy = "POST /apis/" + id + "/deploy" + of_it;
  const std::string undeploy = "POST /apis/" + id + "/undeploy" + of_it;
  const std::string inside = R"([{"name":"Inside"}])";
  const std::string both = R"([{"name":"Default"},{"name":"Outside"}])";
  const std::vector<RightCase> cases{
      {"outsider inside", "publisher", deploy, inside, 403},
      {"administrator inside", "admin", deploy, inside, 403},
      {"insider outside", "insider", deploy, both, 403},
      {"what is read only", "insider", deploy, R"([{"name":"Elsewhere"}])", 400},
      {"what is not there", "insider", deploy, R"([{"name":"Nowhere"}])", 400},
      {"insider inside", "insider", deploy, inside, 201},
      {"outsider outside", "publisher", deploy, both, 201},
      {"outsider leaves inside", "publisher", undeploy, inside, 403},
      {"insider leaves all", "insider", undeploy + "&allEnvironments=true", "[]", 403},
      {"insider leaves inside, where it is still", "insider", undeploy, inside, 201},
      {"outsider leaves all", "publisher", undeploy + "&allEnvironments=true", "[]", 201},
  };
  for (const RightCase& each : cases) {
    const rest::TestAnswer answer = ask(each.user, each.call, each.body);
    EXPECT_EQ(answer.status, each.status) << each.name << ": " << answer.text;
  }
  EXPECT_EQ(ask("creator", "GET /apis/" + id + "/deployments").list().size(), 0U);
  EXPECT_EQ(environments_of("publisher"), "Default Elsewhere Outside ");
  EXPECT_EQ(environments_of("insider"), "Default Elsewhere Inside ");
}

TEST_F(PublisherTest, ShowsEnvironmentsInTheFormOfTheContract) {
  add_environment("Inside", R"("type":"sandbox","mode":"READ_WRITE","displayName":"Behind the wall",
      "provider":"wso2","gatewayType":"Regular","description":"of no concern here",
      "permissions":{"permissionType":"ALLOW","roles":["Internal/publisher"]})");
  EXPECT_EQ(golden("publisher-settings", ask("publisher", "GET /settings")), "");
}

// One broken rule of a new API, and how it is refused.
struct RefusalCase {
  const char* name;
  const char* changes;
  int status;
  std::int64_t code;
};

TEST_F(PublisherTest, RefusesWhatAnApiCannotBe) {
  make_api();
  const std::vector<RefusalCase> cases{
      {"the same again", R"({})", 409, 900252},
      {"same name, other context", R"({"context":"/other"})", 409, 900250},
      {"name in other case", R"({"name":"PIZZA","version":"2.0"})", 409, 900250},
      {"context of another API", R"({"name":"Pasta","version":"3.0"})", 409, 900251},
      {"context with a space", R"({"name":"A","context":"/a b"})", 400, 900253},
      {"context that climbs", R"({"name":"A","context":"/a/../b"})", 400, 900253},
      {"context that is empty", R"({"name":"A","context":"/"})", 400, 900253},
      {"context with an empty segment", R"({"name":"A","context":"/a//b"})", 400, 900253},
      {"context of the token endpoint", R"({"name":"A","context":"/token"})", 409, 903242},
      {"context below the REST APIs", R"({"name":"A","context":"/api/am/x"})", 409, 903242},
      {"context by its version", R"({"name":"A","context":"/{version}","version":"healthz"})", 409,
       903242},
      {"unknown subscription policy", R"({"name":"A","context":"/a","policies":["Diamond"]})", 400,
       900305},
      {"unknown advanced policy", R"({"name":"A","context":"/a","apiThrottlingPolicy":"X"})", 400,
       900305},
      {"endpoint that is no URL",
       R"({"name":"A","context":"/a","endpointConfig":{"endpoint_type":"http",
           "production_endpoints":{"url":"ftp://x"}}})",
       400, 900346},
      {"endpoint in the link-local network",
       R"({"name":"A","context":"/a","endpointConfig":{"endpoint_type":"http",
           "production_endpoints":{"url":"http://169.254.169.254/latest"}}})",
       400, 900346},
      {"restricted to nobody", R"({"name":"A","context":"/a","visibility":"RESTRICTED"})", 400,
       900602},
      {"operation twice",
       R"({"name":"A","context":"/a","operations":[{"target":"/x","verb":"GET"},
           {"target":"/x","verb":"GET"}]})",
       400, 903202},
      {"scope that is not defined",
       R"({"name":"A","context":"/a","operations":[{"target":"/x","verb":"GET",
           "scopes":["orders"]}]})",
       400, 901004},
      {"unknown transport", R"({"name":"A","context":"/a","transport":["gopher"]})", 400, 903205},
  };
  for (const RefusalCase& each : cases) {
    const rest::TestAnswer answer =
        ask("creator", "POST /apis", pizza(parse_json_object(each.changes).value()));
    EXPECT_EQ(answer.status, each.status) << each.name << ": " << answer.text;
    EXPECT_EQ(answer.code(), each.code) << each.name << ": " << answer.text;
  }
  EXPECT_EQ(ask("creator", "GET /apis").list().size(), 1U);
}

TEST_F(PublisherTest, KeepsFieldsThatItDoesNotUse) {
  const std::string id =
      make_api({{"businessInformation", {{"businessOwner", "Ann"}, {"technicalOwner", "Bob"}}},
                {"subscriptionAvailability", "ALL_TENANTS"},
                {"additionalProperties", json::array{{{"name", "team"}, {"value", "food"}}}},
                {"categories", json::array{"kitchen"}},
                {"cacheTimeout", 12}});
  restart();
  const rest::TestAnswer answer = ask("creator", "GET /apis/" + id);
  EXPECT_EQ(text_or(*object_at(answer.object(), "businessInformation"), "businessOwner", ""),
            "Ann");
  EXPECT_EQ(answer.field("subscriptionAvailability"), "ALL_TENANTS");
  EXPECT_EQ(number_or(answer.object(), "cacheTimeout", 0), 12);
  EXPECT_EQ(texts_of(answer.object(), "categories"), std::vector<std::string>{"kitchen"});
  EXPECT_EQ(array_at(answer.object(), "additionalProperties")->size(), 1U);
}

TEST_F(PublisherTest, SecretsOfEndpointsAreWrittenAndNeverRead) {
  json::object config = parse_json_object(R"({"endpoint_type":"http",
      "production_endpoints":{"url":"http://localhost:9090"},
      "endpoint_security":{"production":{"enabled":true,"type":"BASIC","username":"u",
                                         "password":"pepperoni"}}})")
                            .value();
  const std::string id = make_api({{"endpointConfig", config}});
  const rest::TestAnswer read = ask("creator", "GET /apis/" + id);
  EXPECT_EQ(read.text.find("pepperoni"), std::string::npos);
  EXPECT_NE(read.text.find(R"("password":"")"), std::string::npos);
  // What was read is written back: the secret stays.
  EXPECT_EQ(ask("creator", "PUT /apis/" + id, read.text).status, 200);
  const auto kept = databases_.api_manager().read([&](storage::Transaction& transaction) {
    return storage::ApiStore(transaction, model::first_tenant).find(id);
  });
  ASSERT_TRUE(kept);
  EXPECT_NE(json::serialize(kept->document).find("sealed:inoreppep"), std::string::npos);
}

TEST_F(PublisherTest, AnUpdateChangesOperationsAndDefinitionTogether) {
  const std::string id = make_api();
  json::object changed = parse_json_object(pizza()).value();
  changed["description"] = "With tomatoes";
  changed["operations"] = parse_json(R"([{"target":"/menu","verb":"GET"},
      {"target":"/orders/{id}","verb":"DELETE","authType":"None"}])")
                              .value();
  ASSERT_EQ(ask("creator", "PUT /apis/" + id, json::serialize(changed)).status, 200);
  const rest::TestAnswer definition = ask("creator", "GET /apis/" + id + "/swagger");
  const json::object& paths = *object_at(definition.object(), "paths");
  EXPECT_EQ(paths.size(), 2U);
  EXPECT_TRUE(object_at(paths, "/orders/{id}")->contains("delete"));
  EXPECT_EQ(ask("creator", "GET /apis/" + id).field("description"), "With tomatoes");
  // Its name, version and context are not for change.
  changed["context"] = "/elsewhere";
  ASSERT_EQ(ask("creator", "PUT /apis/" + id, json::serialize(changed)).status, 200);
  EXPECT_EQ(ask("creator", "GET /apis/" + id).field("context"), "/pizza");
}

std::string form(const std::string& definition) {
  return "--b\r\nContent-Disposition: form-data; name=\"apiDefinition\"\r\n\r\n" + definition +
         "\r\n--b--\r\n";
}

TEST_F(PublisherTest, ADefinitionReplacesTheOperations) {
  const std::string id = make_api();
  const std::string type = "multipart/form-data; boundary=b";
  const std::string definition = R"({"openapi":"3.0.1","info":{"title":"Pizza","version":"1.0"},
      "servers":[{"url":"http://evil.example"}],
      "paths":{"/*":{"get":{"summary":"all","responses":{"200":{"description":"OK"}}}},
               "/order":{"post":{"x-auth-type":"None","security":[{"default":["order"]}],
                         "responses":{"201":{"description":"made"}}}}}})";
  ASSERT_EQ(ask("creator", "PUT /apis/" + id + "/swagger", form(definition), type).status, 200);
  const rest::TestAnswer api = ask("creator", "GET /apis/" + id);
  const json::array& operations = *array_at(api.object(), "operations");
  ASSERT_EQ(operations.size(), 2U);
  EXPECT_EQ(text_or(operations[1].as_object(), "verb", ""), "POST");
  EXPECT_EQ(text_or(operations[1].as_object(), "authType", ""), "None");
  EXPECT_EQ(texts_of(operations[1].as_object(), "scopes"), std::vector<std::string>{"order"});
  EXPECT_EQ(array_at(api.object(), "scopes")->size(), 1U);
  const rest::TestAnswer kept = ask("creator", "GET /apis/" + id + "/swagger");
  EXPECT_NE(kept.text.find(R"("summary":"all")"), std::string::npos);
  EXPECT_EQ(kept.text.find("evil.example"), std::string::npos);
  // A wrong one changes nothing.
  const rest::TestAnswer refused =
      ask("creator", "PUT /apis/" + id + "/swagger", form(R"({"swagger":"2.0"})"), type);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.code(), 900758);
  EXPECT_EQ(ask("creator", "GET /apis/" + id + "/swagger").body, kept.body);
}

// OpenAPI has no word for the directions of a topic: GET stands for those that it has.
TEST_F(PublisherTest, ADefinitionOfAWebSocketApiIsTakenBack) {
  const std::string id =
      make_api({{"type", "WS"},
                {"operations", parse_json(R"([{"target":"/orders","verb":"SUBSCRIBE"},
                                     {"target":"/news","verb":"SUBSCRIBE"},
                                     {"target":"/news","verb":"PUBLISH"}])")
                                   .value()}});
  const auto operations = [&] {
    std::string text;
    const rest::TestAnswer api = ask("creator", "GET /apis/" + id);
    for (const json::value& item : *array_at(api.object(), "operations")) {
      const json::object& operation = item.as_object();
      text += text_or(operation, "verb", "") + " " + text_or(operation, "target", "") + ", ";
    }
    return text;
  };
  json::object definition = ask("creator", "GET /apis/" + id + "/swagger").object();
  const auto put = [&] {
    return ask("creator", "PUT /apis/" + id + "/swagger", form(json::serialize(definition)),
               "multipart/form-data; boundary=b");
  };
  const rest::TestAnswer unchanged = put();
  EXPECT_EQ(unchanged.status, 200) << unchanged.text;
  EXPECT_EQ(operations(), "SUBSCRIBE /orders, SUBSCRIBE /news, PUBLISH /news, ");
  definition["paths"].as_object()["/chat"] = json::object{{"get", json::object()}};
  EXPECT_EQ(put().status, 200);
  EXPECT_EQ(operations(),
            "SUBSCRIBE /orders, SUBSCRIBE /news, PUBLISH /news, SUBSCRIBE /chat, "
            "PUBLISH /chat, ");
  definition["paths"].as_object()["/chat"] = json::object{{"post", json::object()}};
  EXPECT_EQ(put().status, 400);
}

TEST_F(PublisherTest, SearchFindsByFieldAndWord) {
  make_api({{"tags", json::array{"Food"}}, {"description", "Crisp and hot"}});
  make_api({{"name", "WeatherForecast"}, {"context", "/weather"}}, "admin");
  const auto found = [&](const std::string& query) {
    std::string names;
    const rest::TestAnswer answer = ask("creator", "GET /apis?query=" + percent_encode(query));
    for (const json::value& item : answer.list()) {
      names += text_or(item.as_object(), "name", "") + " ";
    }
    return names;
  };
  EXPECT_EQ(found(""), "Pizza WeatherForecast ");
  EXPECT_EQ(found(R"(name:"Pizza" version:"1.0" provider:"creator")"), "Pizza ");
  EXPECT_EQ(found(R"(name:"Pizz")"), "");
  EXPECT_EQ(found("name:piz"), "Pizza ");
  EXPECT_EQ(found("forecast"), "WeatherForecast ");
  EXPECT_EQ(found("weath"), "WeatherForecast ");
  EXPECT_EQ(found("crisp hot"), "Pizza ");
  EXPECT_EQ(found("crisp cold"), "");
  EXPECT_EQ(found("tag:Food"), "Pizza ");
  EXPECT_EQ(found("provider:admin"), "WeatherForecast ");
  EXPECT_EQ(found("status:created"), "Pizza WeatherForecast ");
  EXPECT_EQ(found("status:published"), "");
  EXPECT_EQ(found("context:\"/weather\""), "WeatherForecast ");
}

TEST_F(PublisherTest, PagesListsInAStableOrder) {
  for (int i = 0; i < 5; ++i) {
    make_api({{"name", "Api" + std::to_string(i)}, {"context", "/a" + std::to_string(i)}});
  }
  const rest::TestAnswer page = ask("creator", "GET /apis?limit=2&offset=2");
  ASSERT_EQ(page.list().size(), 2U);
  EXPECT_EQ(text_or(page.list()[0].as_object(), "name", ""), "Api2");
  const json::object& pagination = *object_at(page.object(), "pagination");
  EXPECT_EQ(number_or(pagination, "total", 0), 5);
  EXPECT_NE(text_or(pagination, "next", ""), "");
  EXPECT_NE(text_or(pagination, "previous", ""), "");
}

TEST_F(PublisherTest, AnotherVersionIsACopy) {
  const std::string id = make_published_api();
  const rest::TestAnswer copy =
      ask("creator", "POST /apis/copy-api?newVersion=2.0&defaultVersion=true&apiId=" + id);
  ASSERT_EQ(copy.status, 201) << copy.text;
  EXPECT_EQ(copy.field("lifeCycleStatus"), "CREATED");
  EXPECT_EQ(copy.field("version"), "2.0");
  EXPECT_TRUE(flag_or(copy.object(), "isDefaultVersion", false));
  EXPECT_EQ(ask("creator", "GET /apis/" + copy.field("id") + "/revisions").list().size(), 0U);
  const rest::TestAnswer again = ask("creator", "POST /apis/copy-api?newVersion=2.0&apiId=" + id);
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.code(), 900252);
  EXPECT_EQ(ask("creator", "GET /apis/" + id).object().at("isDefaultVersion"), false);
}

TEST_F(PublisherTest, KeepsFiveRevisions) {
  const std::string id = make_api();
  std::string first = make_revision(id);
  for (int i = 1; i < 5; ++i) make_revision(id);
  const rest::TestAnswer sixth = ask("creator", "POST /apis/" + id + "/revisions", "{}");
  EXPECT_EQ(sixth.status, 400);
  EXPECT_EQ(sixth.code(), 900351);
  deploy(id, first);
  const rest::TestAnswer deployed = ask("creator", "DELETE /apis/" + id + "/revisions/" + first);
  EXPECT_EQ(deployed.status, 400);
  EXPECT_EQ(deployed.code(), 900348);
  ASSERT_EQ(ask("publisher", "POST /apis/" + id + "/undeploy-revision?revisionId=" + first,
                R"([{"name":"Default"}])")
                .status,
            201);
  EXPECT_EQ(ask("creator", "DELETE /apis/" + id + "/revisions/" + first).status, 200);
  // Numbers are never used twice.
  EXPECT_EQ(ask("creator", "POST /apis/" + id + "/revisions").field("displayName"), "Revision 6");
  EXPECT_EQ(ask("creator", "GET /apis/" + id + "/revisions?query=deployed:true").list().size(), 0U);
}

TEST_F(PublisherTest, ARevisionRestoresTheWorkingCopy) {
  const std::string id = make_api({{"description", "before"}});
  const std::string revision = make_revision(id);
  ASSERT_EQ(ask("creator", "PUT /apis/" + id, pizza({{"description", "after"}})).status, 200);
  const rest::TestAnswer restored =
      ask("publisher", "POST /apis/" + id + "/restore-revision?revisionId=" + revision);
  EXPECT_EQ(restored.status, 201);
  EXPECT_EQ(restored.field("description"), "before");
  EXPECT_EQ(ask("publisher", "POST /apis/" + id + "/restore-revision?revisionId=none").code(),
            900347);
}

TEST_F(PublisherTest, DeploysOnlyWhereThereIsAPlace) {
  const std::string id = make_api();
  const std::string call = "POST /apis/" + id + "/deploy-revision?revisionId=" + make_revision(id);
  EXPECT_EQ(ask("publisher", call, R"([{"name":"Moon"}])").code(), 900504);
  EXPECT_EQ(ask("publisher", call, R"([{"name":"Default","vhost":"elsewhere"}])").code(), 903232);
  EXPECT_EQ(ask("publisher", "POST /apis/" + id + "/deploy-revision?revisionId=none",
                R"([{"name":"Default"}])")
                .code(),
            900347);
  EXPECT_EQ(ask("publisher", "GET /apis/" + id + "/deployments").list().size(), 0U);
}

// Steps through the states of an API; a step that is refused leaves the state as it was.
struct StepCase {
  const char* action;
  int status;
  const char* state;
};

TEST_F(PublisherTest, TheLifecycleAllowsWhatItsTableSays) {
  const std::string id = make_api();
  for (const StepCase& step : std::vector<StepCase>{{"Block", 400, "Created"},
                                                    {"Deploy as a Prototype", 200, "Prototyped"},
                                                    {"Retire", 400, "Prototyped"},
                                                    {"Demote to Created", 200, "Created"},
                                                    {"Publish", 200, "Published"},
                                                    {"Block", 200, "Blocked"},
                                                    {"Publish", 400, "Blocked"},
                                                    {"Re-Publish", 200, "Published"},
                                                    {"Deprecate", 200, "Deprecated"},
                                                    {"Retire", 200, "Retired"},
                                                    {"Publish", 400, "Retired"}}) {
    const rest::TestAnswer answer = change_state(id, step.action);
    EXPECT_EQ(answer.status, step.status) << step.action << ": " << answer.text;
    if (step.status == 400) {
      EXPECT_EQ(answer.code(), 900381) << step.action;
    }
    EXPECT_EQ(ask("creator", "GET /apis/" + id + "/lifecycle-state").field("state"), step.state);
  }
  const rest::TestAnswer history = ask("creator", "GET /apis/" + id + "/lifecycle-history");
  EXPECT_EQ(history.list().size(), 8U);
  EXPECT_EQ(text_or(history.list()[1].as_object(), "previousState", ""), "Created");
  EXPECT_EQ(text_or(history.list()[1].as_object(), "postState", ""), "Prototyped");
}

TEST_F(PublisherTest, PublishingNeedsAPolicyAndAnEndpoint) {
  const std::string without_policy = make_api({{"policies", json::array()}});
  EXPECT_EQ(change_state(without_policy, "Publish").code(), 900304);
  const std::string without_endpoint =
      make_api({{"name", "Bare"}, {"context", "/bare"}, {"endpointConfig", json::object()}});
  EXPECT_EQ(change_state(without_endpoint, "Publish").code(), 903210);
}

TEST_F(PublisherTest, PublishingMayDeprecateFormerVersions) {
  const std::string id = make_published_api();
  const std::string copy =
      ask("creator", "POST /apis/copy-api?newVersion=2.0&apiId=" + id).field("id");
  ASSERT_EQ(
      ask("publisher", "POST /apis/change-lifecycle?action=Publish&apiId=" + copy +
                           "&lifecycleChecklist=" +
                           percent_encode("Deprecate old versions after publishing the API:true"))
          .status,
      200);
  EXPECT_EQ(ask("creator", "GET /apis/" + id).field("lifeCycleStatus"), "DEPRECATED");
}

TEST_F(PublisherTest, AfterPublishingOnlyPublishersChangeAnApi) {
  const std::string id = make_published_api();
  EXPECT_EQ(ask("creator", "PUT /apis/" + id, pizza()).status, 403);
  EXPECT_EQ(ask("publisher", "PUT /apis/" + id, pizza({{"description", "x"}})).status, 200);
}

TEST_F(PublisherTest, RestrictedAccessHidesAnApiFromOtherCreators) {
  key_manager_.add_user("italian", {"Internal/creator", "kitchen"});
  key_manager_.add_user("stranger", {"Internal/creator"});
  const std::string id =
      make_api({{"accessControl", "RESTRICTED"}, {"accessControlRoles", json::array{"kitchen"}}});
  for (const auto& [user, status] : std::map<std::string, int>{
           {"creator", 200}, {"italian", 200}, {"stranger", 404}, {"admin", 200}}) {
    EXPECT_EQ(ask(user, "GET /apis/" + id).status, status) << user;
    EXPECT_EQ(ask(user, "GET /apis").list().size(), status == 200 ? 1U : 0U) << user;
  }
}

TEST_F(PublisherTest, ADeletedApiLeavesNothing) {
  const std::string id = make_published_api();
  EXPECT_EQ(ask("creator", "DELETE /apis/" + id).status, 200);
  EXPECT_EQ(ask("creator", "GET /apis/" + id).code(), 900308);
  EXPECT_EQ(ask("creator", "GET /search?query=pizza").list().size(), 0U);
  make_api();  // name and context are free again
}

TEST_F(PublisherTest, ARestartKeepsEverything) {
  const std::string id = make_published_api();
  const json::value before = ask("creator", "GET /apis/" + id).body;
  restart();
  EXPECT_EQ(ask("creator", "GET /apis/" + id).body, before);
  EXPECT_EQ(ask("creator", "GET /apis/" + id + "/deployments").list().size(), 1U);
  EXPECT_EQ(ask("creator", "GET /throttling-policies/subscription").list().size(), 5U);
}

TEST_F(PublisherTest, TellsWhatIsTakenBeforeOneAsks) {
  make_api();
  EXPECT_EQ(ask("creator", "POST /apis/validate?query=pizza").status, 200);
  EXPECT_EQ(ask("creator", "POST /apis/validate?query=/pizza").status, 200);
  EXPECT_EQ(ask("creator", "POST /apis/validate?query=pasta").status, 404);
}

}  // namespace

}  // namespace gatehouse::publisher
