// SPDX-License-Identifier: Apache-2.0
//
// A publisher on real databases in a temporary folder, behind its router; for the tests of this
// folder.
//
// Thread:  one.
#pragma once

#include <gtest/gtest.h>

#include "publisher/publisher.h"
#include "rest/documents.h"
#include "rest/test_portal.h"
#include "storage/apis/defaults.h"
#include "storage/apis/environment_store.h"
#include "storage/test_databases.h"

namespace gatehouse::publisher {

inline constexpr std::string_view publisher_base = "/api/am/publisher/v4";

class PublisherTest : public ::testing::Test {
 protected:
  PublisherTest() { open(); }

  void open() {
    router_.reset();
    publisher_ = std::make_unique<Publisher>(
        databases_.all(), clock_, random_, PublisherOptions{.seal = [](std::string_view secret) {
          return "sealed:" + std::string(secret.rbegin(), secret.rend());
        }});
    router_ = std::make_unique<rest::Router>(
        rest::RouterOptions{.base_paths = {std::string(publisher_base)},
                            .openapi_json = rest::publisher_document.json,
                            .openapi_yaml = rest::publisher_document.yaml,
                            .after_write = nullptr},
        key_manager_);
    publisher_->mount(*router_);
    const auto seeded = storage::add_defaults(databases_.api_manager(), {}, clock_, random_);
    ASSERT_TRUE(seeded) << seeded.error().message << seeded.error().detail;
  }

  // As after a restart of the process.
  void restart() {
    publisher_.reset();
    databases_.reopen();
    open();
  }

  // `call` is "GET /apis".
  rest::TestAnswer ask(const std::string& user, const std::string& call,
                       const std::string& body = "", const std::string& type = "application/json") {
    const std::size_t space = call.find(' ') + 1;
    return rest::ask(*router_, user,
                     call.substr(0, space) + std::string(publisher_base) + call.substr(space), body,
                     type);
  }

  // An API as the acceptance walk makes it, with changes on top.
  static std::string pizza(const json::object& changes = {}) {
    json::object api = parse_json_object(R"({
      "name": "Pizza", "context": "/pizza", "version": "1.0", "policies": ["Unlimited"],
      "endpointConfig": {"endpoint_type": "http",
        "production_endpoints": {"url": "http://localhost:9090/pizza"},
        "sandbox_endpoints": {"url": "http://localhost:9091/pizza"}},
      "operations": [{"target": "/*", "verb": "GET", "throttlingPolicy": "Unlimited",
                      "authType": "Application & Application User"}]})")
                           .value();
    for (const auto& member : changes) api[member.key()] = member.value();
    return json::serialize(api);
  }

  std::string make_api(const json::object& changes = {}, const std::string& user = "creator") {
    const rest::TestAnswer answer = ask(user, "POST /apis", pizza(changes));
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.field("id");
  }
  std::string make_revision(const std::string& api_id) {
    const rest::TestAnswer answer =
        ask("publisher", "POST /apis/" + api_id + "/revisions", R"({"description":"first"})");
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.field("id");
  }
  void deploy(const std::string& api_id, const std::string& revision_id) {
    const rest::TestAnswer answer =
        ask("publisher", "POST /apis/" + api_id + "/deploy-revision?revisionId=" + revision_id,
            R"([{"name":"Default","vhost":"localhost","displayOnDevportal":true}])");
    EXPECT_EQ(answer.status, 201) << answer.text;
  }
  // `more`: members of its document.
  void add_environment(const std::string& name, const std::string& more) {
    storage::EnvironmentRow environment;
    environment.id = "env-" + name;
    environment.name = name;
    environment.document =
        parse_json_object(R"({"vhosts":[{"host":"localhost"}],)" + more + "}").value();
    environment.created_at = clock_.now();
    const Result<> added = databases_.api_manager().write([&](storage::Transaction& transaction) {
      return storage::EnvironmentStore(transaction, 1).insert(environment);
    });
    EXPECT_TRUE(added) << added.error().message;
  }
  // Names of those that the portal shows.
  std::string environments_of(const std::string& user) {
    const rest::TestAnswer settings = ask(user, "GET /settings");
    std::string names;
    for (const json::value& item : *array_at(settings.object(), "environment")) {
      names += text_or(item.as_object(), "name", "?") + " ";
    }
    return names;
  }
  rest::TestAnswer change_state(const std::string& api_id, const std::string& action) {
    return ask("publisher",
               "POST /apis/change-lifecycle?apiId=" + api_id + "&action=" + percent_encode(action));
  }
  std::string make_published_api(const json::object& changes = {}) {
    const std::string id = make_api(changes);
    deploy(id, make_revision(id));
    EXPECT_EQ(change_state(id, "Publish").status, 200);
    return id;
  }

  storage::TestDatabases databases_;
  FakeClock clock_{from_ms(1'795'000'000'000)};
  SeededRandom random_{42};
  rest::TestKeyManager key_manager_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<rest::Router> router_;
};

// Nothing, or how a body differs from tests/golden/rest/<name>.json.
inline std::string golden(std::string_view name, const rest::TestAnswer& answer) {
  return rest::differs_from_golden(GH_SOURCE_DIR, name, answer.body);
}

}  // namespace gatehouse::publisher
