// SPDX-License-Identifier: Apache-2.0
//
// Another server for tests: real sockets, keys of its own, tokens that it knows by their text,
// clients that are registered at /register (RFC 7591, RFC 7592).
//
// Thread:  a loop and a pool of its own; the test sets and reads it from outside, under a mutex.
#pragma once

#include <mutex>
#include <semaphore>
#include <thread>

#include "core/text.h"
#include "http/server.h"
#include "jose/jwt.h"

namespace gatehouse::keymanager {

class TestProvider final : public http::Handler {
 public:
  TestProvider() {
    http::ServerOptions options;
    options.listener.endpoint = net::Endpoint::loopback(0);
    auto server = http::Server::open(loop_, pool_, *this, clock_, std::move(options));
    GH_ASSERT(server.has_value());
    server_ = *std::move(server);
    url = fmt::format("http://127.0.0.1:{}", server_->port());
    rotate();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~TestProvider() override {
    speak();
    pool_.stop();
    loop_.stop();
    thread_.join();
    server_.reset();
  }

  // Its answers, by token.
  void know(const std::string& token, json::object answer) {
    const std::lock_guard lock(mutex_);
    tokens_[token] = std::move(answer);
  }
  void forget(const std::string& token) {
    const std::lock_guard lock(mutex_);
    tokens_.erase(token);
  }
  void rotate() {
    auto key = jose::PrivateKey::generate(jose::Algorithm::es256);
    GH_ASSERT(key.has_value());
    const std::lock_guard lock(mutex_);
    key_.emplace(*std::move(key));
  }
  std::string kid() const {
    const std::lock_guard lock(mutex_);
    return key_->public_key().kid();
  }
  json::object key_set() const {
    const std::lock_guard lock(mutex_);
    return {{"keys", json::array{key_->public_key().to_jwk()}}};
  }
  // A token by its present key.
  std::string sign(const json::object& claims) const {
    const std::lock_guard lock(mutex_);
    return *jose::sign(*key_, "JWT", claims);
  }
  // Every answer from here on; 200: as usual.
  void fail_with(int status) {
    const std::lock_guard lock(mutex_);
    failure_ = status;
  }
  // How it treats clients.
  struct Registration {
    std::string initial_token{};  // empty: anybody may register
    bool managed = true;          // it says how a client is changed
    bool new_secrets = false;     // a change that names no secret brings another one
  };
  void set(Registration registration) {
    const std::lock_guard lock(mutex_);
    registration_ = std::move(registration);
  }
  std::map<std::string, json::object> clients() const {
    const std::lock_guard lock(mutex_);
    return clients_;
  }
  void forget_clients() {
    const std::lock_guard lock(mutex_);
    clients_.clear();
  }
  // From here on it answers nobody, until speak().
  void fall_silent() {
    const std::lock_guard lock(mutex_);
    silent_ = true;
  }
  void speak() {
    {
      const std::lock_guard lock(mutex_);
      silent_ = false;
    }
    may_speak_.release(64);
  }
  int asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  std::string last_authorization() const {
    const std::lock_guard lock(mutex_);
    return authorization_;
  }

  http::Response handle(const http::Request& request) override {
    bool silent = false;
    {
      const std::lock_guard lock(mutex_);
      ++asked_;
      silent = silent_;
    }
    if (silent) may_speak_.acquire();
    const std::lock_guard lock(mutex_);
    if (failure_ != 200) return http::make_response(failure_, "text/plain", "");
    if (request.path.starts_with("/register")) return registration(request);
    json::object answer;
    if (request.path == "/jwks") {
      answer = json::object{{"keys", json::array{key_->public_key().to_jwk()}}};
    } else if (request.path == "/introspect") {
      authorization_ = request.headers.value_or("Authorization", "");
      const auto form = parse_form(request.body);
      const auto found = form ? tokens_.find(form->front().second) : tokens_.end();
      answer = found == tokens_.end() ? json::object{{"active", false}} : found->second;
    } else if (request.path == "/metadata") {
      answer = json::object{{"issuer", url}, {"jwks_uri", url + "/jwks"}};
    } else {
      return http::make_response(404, "text/plain", "");
    }
    return http::make_response(200, "application/json", json::serialize(answer));
  }

  std::string url;

 private:
  static http::Response json_answer(int status, const json::object& body) {
    return http::make_response(status, "application/json", json::serialize(body));
  }

  http::Response registration(const http::Request& request) {
    const std::string_view bearer = request.headers.value_or("Authorization", "");
    json::object metadata = parse_json_object(request.body).value_or(json::object());
    if (request.method == "POST") {
      if (!registration_.initial_token.empty() &&
          bearer != "Bearer " + registration_.initial_token) {
        return json_answer(401, {{"error", "invalid_token"}});
      }
      if (text_or(metadata, "client_name", "") == "refused") {
        return json_answer(
            400, {{"error", "invalid_client_metadata"}, {"error_description", "not this name"}});
      }
      const std::string id = fmt::format("made-{}", ++made_);
      metadata["client_secret"] = fmt::format("secret-{}", made_);
      return json_answer(201, record(id, std::move(metadata)));
    }
    const std::string id = request.path.substr(std::string("/register/").size());
    const auto known = clients_.find(id);
    if (known == clients_.end() || bearer != "Bearer token-of-" + id) {
      return json_answer(401, {{"error", "invalid_token"}});
    }
    if (request.method == "DELETE") {
      clients_.erase(known);
      return http::make_response(204, "", "");
    }
    const std::string secret = text_or(known->second, "client_secret", "");
    metadata["client_secret"] =
        registration_.new_secrets ? fmt::format("secret-{}", ++made_) : secret;
    return json_answer(200, record(id, std::move(metadata)));
  }

  json::object record(const std::string& id, json::object metadata) {
    metadata["client_id"] = id;
    clients_[id] = metadata;
    if (registration_.managed) {
      metadata["registration_client_uri"] = url + "/register/" + id;
      metadata["registration_access_token"] = "token-of-" + id;
    }
    return metadata;
  }

  mutable std::mutex mutex_;
  Registration registration_;
  std::map<std::string, json::object> clients_;
  int made_ = 0;
  std::map<std::string, json::object> tokens_;
  std::optional<jose::PrivateKey> key_;
  std::string authorization_;
  int asked_ = 0;
  int failure_ = 200;
  bool silent_ = false;
  std::counting_semaphore<> may_speak_{0};
  SystemClock clock_;
  net::Loop loop_;
  net::Pool pool_{{.name = "provider", .threads = 8}};
  std::unique_ptr<http::Server> server_;
  std::thread thread_;
};

}  // namespace gatehouse::keymanager
