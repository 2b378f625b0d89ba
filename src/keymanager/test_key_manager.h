// SPDX-License-Identifier: Apache-2.0
//
// A key manager with its world, for tests: databases in a temporary folder, a clock that stands
// still, cheap password hashes, and the administrator "admin" with the password "admin-password".
//
// Thread:  one.
#pragma once

#include <gtest/gtest.h>

#include "bus/local_bus.h"
#include "core/id.h"
#include "core/text.h"
#include "http/fetch_thread.h"
#include "keymanager/key_manager.h"
#include "storage/test_databases.h"
#include "storage/test_watched_database.h"

namespace gatehouse::keymanager {

inline constexpr std::string_view admin_password = "admin-password";
inline constexpr std::string_view cluster_key = "0123456789abcdef0123456789abcdef";

inline Options quick_options() {
  Options options;
  options.password_cost = {.memory_kib = 64, .passes = 1};
  options.signing_algorithms = {jose::Algorithm::es256, jose::Algorithm::eddsa};
  return options;
}

class TestKeyManager {
 public:
  explicit TestKeyManager(const Options& options = quick_options()) : options_(options) {
    restart();
  }

  // As after a restart of the process, on the same databases.
  void restart() {
    key_manager_.reset();
    key_manager_ = std::make_unique<KeyManager>(resources_, options_);
    const auto first =
        key_manager_->bootstrap({.name = "admin", .password = std::string(admin_password)});
    GH_ASSERT(first.has_value());
    GH_ASSERT(key_manager_->start().has_value());
  }

  KeyManager& operator*() { return *key_manager_; }
  KeyManager* operator->() { return key_manager_.get(); }
  const Resources& resources() const { return resources_; }
  storage::TestDatabases& databases() { return databases_; }
  // The same, as the key manager itself reaches them.
  storage::WatchedDatabase& users() { return users_; }
  storage::WatchedDatabase& apis() { return apis_; }
  FakeClock& clock() { return clock_; }
  bus::LocalBus& bus() { return bus_; }
  Metrics& metrics() { return metrics_; }

  struct Answer {
    int status = 0;
    json::object body;
    http::Response response;
  };

  // A form to a public endpoint, with Basic credentials ("name:secret") unless empty.
  Answer form(const std::string& path, const std::string& body, const std::string& basic = "") {
    http::Request request =
        http::make_request("POST", path, body, "application/x-www-form-urlencoded");
    if (!basic.empty()) request.headers.add("Authorization", "Basic " + to_base64(basic));
    return answer(key_manager_->public_handler().handle(request));
  }
  // A form with any header fields, over a connection that showed `certificate` (DER).
  using Fields = std::vector<std::pair<std::string, std::string>>;
  Answer post(const std::string& path, const std::string& body, const Fields& fields,
              const std::string& certificate = "") {
    http::Request request =
        http::make_request("POST", path, body, "application/x-www-form-urlencoded");
    for (const auto& [name, value] : fields) request.headers.add(name, value);
    request.peer.certificate = certificate;
    return answer(key_manager_->public_handler().handle(request));
  }
  Answer token(const std::string& body, const std::string& basic) {
    return form("/oauth2/token", body, basic);
  }
  Answer get(const std::string& path, const std::string& authorization = "") {
    http::Request request = http::make_request("GET", path);
    if (!authorization.empty()) request.headers.add("Authorization", authorization);
    return answer(key_manager_->public_handler().handle(request));
  }
  Answer internal(const std::string& method, const std::string& path, const json::object& body) {
    return answer(key_manager_->internal_handler().handle(http::make_request(
        method, "/internal/keys/v1/" + path, json::serialize(body), "application/json")));
  }
  Answer register_client(const json::object& body, const std::string& basic) {
    http::Request request = http::make_request("POST", "/client-registration/v0.17/register",
                                               json::serialize(body), "application/json");
    if (!basic.empty()) request.headers.add("Authorization", "Basic " + to_base64(basic));
    return answer(key_manager_->public_handler().handle(request));
  }

  // "client_id:client_secret" of a fresh client of the administrator.
  std::string client(const std::string& token_type = "OAUTH",
                     const std::vector<std::string>& grants = {"client_credentials", "password",
                                                               "refresh_token"}) {
    const Answer made = internal("POST", "clients",
                                 {{"name", random_uuid(random_)},
                                  {"owner_id", user_id("admin")},
                                  {"grant_types", gatehouse::to_json(grants)},
                                  {"token_type", token_type}});
    GH_ASSERT(made.status == 201);
    return text_or(made.body, "client_id", "") + ':' + text_or(made.body, "client_secret", "");
  }

  // Adds what a registration may say to the document of a client ("client_id:client_secret").
  void describe(const std::string& client, const json::object& metadata) {
    GH_ASSERT(databases_.api_manager()
                  .write([&](storage::Transaction& transaction) -> Result<> {
                    storage::ClientStore store(transaction);
                    GH_TRY(found, store.find(client.substr(0, client.find(':'))));
                    for (const auto& [name, value] : metadata) found.document[name] = value;
                    return store.update(found);
                  })
                  .has_value());
  }

  std::string user_id(std::string_view name) {
    return Directory(databases_.user_manager()).by_name(name)->user.id;
  }

  // A user with these roles and the password "password-of-NAME".
  void add_user(const std::string& name, const std::vector<std::string>& roles) {
    const std::string hash = *key_manager_->passwords().hash("password-of-" + name);
    const std::string id = random_uuid(random_);
    const storage::Occurrence occurrence{random_uuid(random_), clock_.now()};
    GH_ASSERT(databases_.user_manager()
                  .write([&](storage::Transaction& transaction) -> Result<> {
                    storage::UserStore users(transaction, model::first_tenant);
                    GH_CHECK(users.insert({.id = id, .name = name, .password = hash}));
                    return users.set_roles(id, roles, occurrence);
                  })
                  .has_value());
  }

  void set_roles(const std::string& name, const std::vector<std::string>& roles) {
    const storage::Occurrence occurrence{random_uuid(random_), clock_.now()};
    const std::string id = user_id(name);
    GH_ASSERT(databases_.user_manager()
                  .write([&](storage::Transaction& transaction) {
                    return storage::UserStore(transaction, model::first_tenant)
                        .set_roles(id, roles, occurrence);
                  })
                  .has_value());
  }

  model::Validation validate(const std::string& token) {
    const Answer validated = internal("POST", "validate", {{"tokens", {token}}});
    GH_ASSERT(validated.status == 200);
    return *model::validation_from(array_at(validated.body, "list")->at(0).as_object());
  }

 private:
  static Answer answer(http::Response response) {
    Answer made;
    made.status = response.status;
    if (Result<json::object> body = parse_json_object(response.body)) made.body = *std::move(body);
    made.response = std::move(response);
    return made;
  }

  Options options_;
  storage::TestDatabases databases_;
  storage::WatchedDatabase users_{databases_.user_manager()};
  storage::WatchedDatabase apis_{databases_.api_manager()};
  FakeClock clock_{Instant(std::chrono::seconds(1'795'000'000))};
  SystemRandom random_;
  bus::LocalBus bus_;
  net::Pool logins_{{.name = "login", .threads = 1, .queue_max = 16}};
  jose::Sealer sealer_{{std::string(cluster_key)}};
  Metrics metrics_;
  // Servers of tests are on the loopback.
  http::FetchThread fetches_{{.private_networks = http::PrivateNetworks::allowed,
                              .body_bytes_max = 64 * 1024,
                              .trust = nullptr}};
  Resources resources_{users_,  apis_,   clock_,   random_,           bus_,
                       logins_, sealer_, metrics_, fetches_.fetcher()};
  std::unique_ptr<KeyManager> key_manager_;
};

}  // namespace gatehouse::keymanager
