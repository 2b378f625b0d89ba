// SPDX-License-Identifier: Apache-2.0
#include "devportal/devportal.h"

#include "devportal/test_devportal.h"

namespace gatehouse::devportal {
namespace {

// "https://a http://b ".
std::string servers(const rest::TestAnswer& definition) {
  std::string urls;
  for (const json::value& server : *array_at(definition.object(), "servers")) {
    urls += text_or(server.as_object(), "url", "?") + " ";
  }
  return urls;
}

TEST_F(DevPortalTest, ServesEveryOperationOfItsDocument) {
  const Result<> complete = router_->check();
  EXPECT_TRUE(complete) << complete.error().message;
}

TEST_F(DevPortalTest, AnswersInTheFormOfTheContract) {
  const std::string api = add_api("Pizza");
  EXPECT_EQ(golden("devportal-apis", ask("", "GET /apis")), "");
  EXPECT_EQ(golden("devportal-api", ask("", "GET /apis/" + api)), "");
  EXPECT_EQ(golden("devportal-swagger", ask("", "GET /apis/" + api + "/swagger")), "");
  EXPECT_EQ(golden("devportal-tags", ask("", "GET /tags")), "");
  EXPECT_EQ(golden("devportal-policies", ask("", "GET /throttling-policies/application")), "");
  const std::string application = make_application();
  EXPECT_EQ(golden("devportal-applications", ask("subscriber", "GET /applications")), "");
  EXPECT_EQ(golden("devportal-subscription",
                   ask("subscriber", "POST /subscriptions", wish(api, application))),
            "");
  EXPECT_EQ(golden("devportal-generate-keys",
                   ask("subscriber", "POST /applications/" + application + "/generate-keys",
                       keys_wish())),
            "");
  EXPECT_EQ(golden("devportal-application", ask("subscriber", "GET /applications/" + application)),
            "");
}

// Which user sees which API: one of everybody's, one of the kitchen's, and others by their state.
TEST_F(DevPortalTest, ShowsWhatIsOfferedToWhomItIsMeant) {
  key_manager_.add_user("cook", {"Internal/subscriber", "Kitchen"});
  add_api("Pizza");
  add_api("Recipes", "PUBLISHED", "kitchen", "Secret");
  add_api("Draft", "CREATED");
  add_api("Trial", "PROTOTYPED");
  add_api("Former", "DEPRECATED");
  add_api("Closed", "BLOCKED");
  const std::map<std::string, std::string> cases{{"", "Pizza Trial "},
                                                 {"subscriber", "Pizza Trial "},
                                                 {"cook", "Pizza Recipes Trial "},
                                                 {"publisher", "Pizza Recipes Trial "}};
  for (const auto& [user, wanted] : cases) {
    std::string names;
    const rest::TestAnswer answer = ask(user, "GET /apis");
    for (const json::value& item : answer.list()) {
      names += text_or(item.as_object(), "name", "") + " ";
    }
    EXPECT_EQ(names, wanted) << user;
    const int recipes = wanted.find("Recipes") == std::string::npos ? 404 : 200;
    EXPECT_EQ(ask(user, "GET /apis/api-Recipes").status, recipes) << user;
    EXPECT_EQ(ask(user, "GET /apis/api-Recipes/swagger").status, recipes) << user;
    EXPECT_EQ(ask(user, "GET /tags").list().size(), recipes == 200 ? 2U : 1U) << user;
    EXPECT_EQ(ask(user, "GET /search?query=recipes").list().size(), recipes == 200 ? 1U : 0U);
    EXPECT_EQ(ask(user, "GET /apis/api-Draft").status, 404) << user;
    EXPECT_EQ(ask(user, "GET /apis/api-Former").status, 404) << user;
  }
}

TEST_F(DevPortalTest, HidesHowAnApiIsProvided) {
  add_api("Pizza");
  const std::string text = ask("", "GET /apis/api-Pizza").text;
  EXPECT_EQ(text.find("secret-backend"), std::string::npos);
  EXPECT_NE(text.find("https://localhost:8243/pizza/1.0"), std::string::npos);
}

TEST_F(DevPortalTest, EachUserHasADefaultApplication) {
  EXPECT_EQ(ask("subscriber", "GET /applications").list().size(), 1U);
  EXPECT_EQ(ask("subscriber", "GET /applications").list().size(), 1U);
  const rest::TestAnswer other = ask("other", "GET /applications");
  ASSERT_EQ(other.list().size(), 1U);
  EXPECT_EQ(text_or(other.list()[0].as_object(), "name", ""), "DefaultApplication");
  EXPECT_EQ(text_or(other.list()[0].as_object(), "owner", ""), "other");
}

TEST_F(DevPortalTest, ApplicationsBelongToTheirOwner) {
  const std::string id = make_application();
  EXPECT_EQ(ask("other", "GET /applications/" + id).code(), 900307);
  EXPECT_EQ(ask("other", "DELETE /applications/" + id).status, 404);
  const rest::TestAnswer again = ask("subscriber", "POST /applications",
                                     R"({"name":"Kitchen","throttlingPolicy":"10PerMin"})");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.code(), 900301);
  make_application("Kitchen", "other");  // another owner, another application
  EXPECT_EQ(
      ask("subscriber", "POST /applications", R"({"name":"B","throttlingPolicy":"None"})").code(),
      900305);
  EXPECT_EQ(
      ask("creator", "POST /applications", R"({"name":"B","throttlingPolicy":"10PerMin"})").status,
      403);
  EXPECT_EQ(ask("", "GET /applications").status, 401);
}

TEST_F(DevPortalTest, ApplicationsKeepWhatTheyDoNotUse) {
  const rest::TestAnswer made =
      ask("subscriber", "POST /applications",
          R"({"name":"Kitchen","throttlingPolicy":"10PerMin","groups":["cooks"],)"
          R"("attributes":{"a":"1"},)"
          R"("visibility":"PRIVATE"})");
  restart();
  const rest::TestAnswer read =
      ask("subscriber", "GET /applications/" + made.field("applicationId"));
  EXPECT_EQ(read.field("visibility"), "PRIVATE");
  EXPECT_EQ(texts_of(read.object(), "groups"), std::vector<std::string>{"cooks"});
  EXPECT_EQ(text_or(*object_at(read.object(), "attributes"), "a", ""), "1");
}

TEST_F(DevPortalTest, SubscriptionsFollowTheirRules) {
  key_manager_.add_user("cook", {"Internal/subscriber", "Kitchen"});
  const std::string pizza = add_api("Pizza");
  const std::string recipes = add_api("Recipes", "PUBLISHED", "kitchen");
  const std::string closed = add_api("Closed", "BLOCKED");
  const std::string application = make_application();
  const std::string call = "POST /subscriptions";
  EXPECT_EQ(ask("subscriber", call, wish(pizza, application, "Bronze")).code(), 902019);
  EXPECT_EQ(ask("subscriber", call, wish(recipes, application)).status, 404);
  EXPECT_EQ(ask("subscriber", call, wish(closed, application)).status, 404);
  EXPECT_EQ(ask("other", call, wish(pizza, application)).code(), 900307);
  EXPECT_EQ(ask("publisher", call, wish(pizza, application)).status, 403);
  EXPECT_EQ(ask("cook", call, wish(recipes, make_application("Stove", "cook"))).status, 201);

  changes();
  const rest::TestAnswer made = ask("subscriber", call, wish(pizza, application));
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.field("status"), "UNBLOCKED");
  EXPECT_EQ(changes(), "subscription ");
  const rest::TestAnswer again = ask("subscriber", call, wish(pizza, application));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.code(), 900336);

  const std::string id = made.field("subscriptionId");
  EXPECT_EQ(ask("other", "GET /subscriptions/" + id).code(), 900310);
  EXPECT_EQ(ask("subscriber", "PUT /subscriptions/" + id, wish(pizza, application, "Unlimited"))
                .field("throttlingPolicy"),
            "Unlimited");
  EXPECT_EQ(ask("subscriber", "GET /subscriptions?applicationId=" + application).list().size(), 1U);
  EXPECT_EQ(ask("other", "GET /subscriptions?apiId=" + pizza).list().size(), 0U);
  EXPECT_EQ(ask("subscriber", "DELETE /subscriptions/" + id).status, 200);
  EXPECT_EQ(changes(), "subscription subscription application ");
  EXPECT_EQ(ask("subscriber", "GET /subscriptions/" + id).status, 404);
}

TEST_F(DevPortalTest, APolicyMayBeForSomeRolesOnly) {
  key_manager_.add_user("cook", {"Internal/subscriber", "Kitchen"});
  const std::string pizza = add_api("Pizza");
  const Result<> restricted =
      databases_.api_manager().write([](storage::Transaction& transaction) -> Result<> {
        storage::PolicyStore policies(transaction, 1);
        GH_TRY(gold, policies.find_by_name(model::PolicyLevel::subscription, "Gold"));
        gold.document["permissions"] =
            parse_json(R"({"permissionType":"ALLOW","roles":["Kitchen"]})").value();
        return policies.update(gold);
      });
  ASSERT_TRUE(restricted);
  const std::string application = make_application();
  EXPECT_EQ(ask("subscriber", "POST /subscriptions", wish(pizza, application)).code(), 902002);
  EXPECT_EQ(ask("subscriber", "GET /apis/" + pizza + "/subscription-policies").list().size(), 1U);
  EXPECT_EQ(ask("cook", "GET /apis/" + pizza + "/subscription-policies").list().size(), 2U);
  EXPECT_EQ(ask("cook", "POST /subscriptions", wish(pizza, make_application("S", "cook"))).status,
            201);
}

// Names of environments and addresses of servers, as one user sees an API.
TEST_F(DevPortalTest, AddressesAreForThoseWhoseRolesOpenTheEnvironment) {
  key_manager_.add_user("cook", {"Internal/subscriber", "Kitchen"});
  const std::string pizza = add_api("Pizza");
  add_environment("Inside", R"("type":"production","displayName":"Behind the wall",
      "vhosts":[{"host":"in.example.com","httpPort":80,"httpsPort":443,"httpContext":"front"}],
      "permissions":{"permissionType":"ALLOW","roles":["Kitchen"]})");
  add_environment("Trials", R"("type":"sandbox","vhosts":[{"host":"try.example.com"}],
      "permissions":{"permissionType":"DENY","roles":["Kitchen"]})");
  add_environment("Unshown", R"("type":"hybrid","vhosts":[{"host":"un.example.com"}])");
  deploy(pizza, "Inside", "in.example.com");
  deploy(pizza, "Trials", "try.example.com");
  deploy(pizza, "Unshown", "un.example.com", false);
  const std::map<std::string, std::pair<std::string, std::string>> cases{
      {"", {"Default ", "https://localhost:8243/pizza/1.0 http://localhost:8280/pizza/1.0 "}},
      {"cook",
       {"Default Inside ",
        "https://localhost:8243/pizza/1.0 http://localhost:8280/pizza/1.0 "
        "https://in.example.com/front/pizza/1.0 http://in.example.com/front/pizza/1.0 "}},
      {"publisher",
       {"Default Trials ",
        "https://localhost:8243/pizza/1.0 http://localhost:8280/pizza/1.0 "
        "https://try.example.com:8243/pizza/1.0 http://try.example.com:8280/pizza/1.0 "}}};
  for (const auto& [user, wanted] : cases) {
    const rest::TestAnswer read = ask(user, "GET /apis/" + pizza);
    std::string names;
    for (const json::value& item : *array_at(read.object(), "endpointURLs")) {
      names += text_or(item.as_object(), "environmentName", "?") + " ";
    }
    EXPECT_EQ(names, wanted.first) << user;
    EXPECT_EQ(read.object().at("environmentList").as_array().size(), 1U + !user.empty()) << user;
    EXPECT_EQ(servers(ask(user, "GET /apis/" + pizza + "/swagger")), wanted.second) << user;
    const std::string inside = "GET /apis/" + pizza + "/swagger?environmentName=Inside";
    EXPECT_EQ(ask(user, inside).status, user == "cook" ? 200 : 404) << user;
    // Not even the name of what others see.
    EXPECT_EQ(read.text.find("in.example.com") == read.text.npos, user != "cook") << user;
    EXPECT_EQ(read.text.find("Inside") == read.text.npos, user != "cook") << user;
    EXPECT_EQ(read.text.find("un.example.com"), read.text.npos) << user;
  }
  EXPECT_EQ(servers(ask("cook", "GET /apis/" + pizza + "/swagger?environmentName=Inside")),
            "https://in.example.com/front/pizza/1.0 http://in.example.com/front/pizza/1.0 ");
  EXPECT_EQ(ask("cook", "GET /apis/" + pizza + "/swagger?environmentName=Nowhere").code(), 900506);
  EXPECT_EQ(golden("devportal-api-environments", ask("cook", "GET /apis/" + pizza)), "");
}

TEST_F(DevPortalTest, WhoSeesNoEnvironmentSeesNoAddressEither) {
  const std::string pizza = add_api("Pizza");
  write([&](storage::Transaction& transaction) -> Result<> {
    storage::EnvironmentStore environments(transaction, 1);
    GH_TRY(environment, environments.find_by_name("Default"));
    environment.document["permissions"] =
        parse_json(R"({"permissionType":"DENY","roles":["Kitchen"]})").value();
    return environments.update(environment);
  });
  const rest::TestAnswer read = ask("", "GET /apis/" + pizza);
  EXPECT_EQ(array_at(read.object(), "endpointURLs")->size(), 0U);
  EXPECT_EQ(servers(ask("", "GET /apis/" + pizza + "/swagger")), "");
  EXPECT_EQ(array_at(ask("other", "GET /apis/" + pizza).object(), "endpointURLs")->size(), 1U);
}

TEST_F(DevPortalTest, AHostThatTheEnvironmentHasLostIsItsFirstOne) {
  const std::string pizza = add_api("Pizza");
  deploy(pizza, "Default", "former.example.com");
  EXPECT_EQ(servers(ask("", "GET /apis/" + pizza + "/swagger")),
            "https://localhost:8243/pizza/1.0 http://localhost:8280/pizza/1.0 ");
}

TEST_F(DevPortalTest, AWebSocketIsFoundAtItsOwnAddresses) {
  const std::string news = add_api("News");
  write([&](storage::Transaction& transaction) -> Result<> {
    storage::ApiStore apis(transaction, 1);
    GH_TRY(api, apis.find(news));
    api.document["type"] = "WS";
    api.is_default_version = true;
    return apis.update(api);
  });
  add_environment("Far",
                  R"("vhosts":[{"host":"far","wsHost":"ws.far","wsPort":80,"wssPort":9099}])");
  deploy(news, "Far", "far");
  const rest::TestAnswer read = ask("", "GET /apis/" + news);
  const json::array& places = *array_at(read.object(), "endpointURLs");
  EXPECT_EQ(json::serialize(places[0].at("URLs")),
            R"({"wss":"wss://localhost:8243/news/1.0","ws":"ws://localhost:8280/news/1.0"})");
  EXPECT_EQ(json::serialize(places[1].at("URLs")),
            R"({"wss":"wss://far:9099/news/1.0","ws":"ws://ws.far/news/1.0"})");
  EXPECT_EQ(json::serialize(places[1].at("defaultVersionURLs")),
            R"({"wss":"wss://far:9099/news","ws":"ws://ws.far/news"})");
}

TEST_F(DevPortalTest, SeveralSubscriptionsAtOnce) {
  const std::string application = make_application();
  const std::string both =
      "[" + wish(add_api("Pizza"), application) + "," + wish(add_api("Pasta"), application) + "]";
  EXPECT_EQ(ask("subscriber", "POST /subscriptions/multiple", both).list().size(), 2U);
}

TEST_F(DevPortalTest, SubscribersStillSeeAnApiThatIsOfferedNoLonger) {
  const std::string pizza = add_api("Pizza");
  ASSERT_EQ(ask("subscriber", "POST /subscriptions", wish(pizza, make_application())).status, 201);
  const Result<> deprecated =
      databases_.api_manager().write([&](storage::Transaction& transaction) -> Result<> {
        storage::ApiStore apis(transaction, 1);
        GH_TRY(api, apis.find(pizza));
        api.state = "DEPRECATED";
        return apis.update(api);
      });
  ASSERT_TRUE(deprecated);
  EXPECT_EQ(ask("subscriber", "GET /apis/" + pizza).status, 200);
  EXPECT_EQ(ask("other", "GET /apis/" + pizza).status, 404);
  const rest::TestAnswer late =
      ask("subscriber", "POST /subscriptions", wish(pizza, make_application("Second")));
  EXPECT_EQ(late.code(), 900318);
}

}  // namespace
}  // namespace gatehouse::devportal
