// SPDX-License-Identifier: Apache-2.0
//
// Another server for tests: real sockets, keys of its own, tokens that it knows by their text.
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
  mutable std::mutex mutex_;
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
