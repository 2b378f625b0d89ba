// SPDX-License-Identifier: Apache-2.0
//
// For tests: a control plane and a key manager in memory, and a gateway in front of them.
//
// Thread:  handlers are called from several threads; one mutex each.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>

#include "bus/local_bus.h"
#include "core/test_folder.h"
#include "gateway/gateway.h"
#include "gateway/test_sockets.h"
#include "http/local_client.h"
#include "limits/coordinator.h"
#include "model/snapshot_lines.h"

namespace gatehouse::gateway {

// The feed: everything it is told becomes the next number.
class TestControlPlane final : public http::Handler {
 public:
  void set(const std::string& kind, const std::string& id, json::object value) {
    const std::lock_guard lock(mutex_);
    things_[{kind, id}] = value;
    changes_.push_back({kind, id, std::move(value)});
    changed_.notify_all();
  }
  void remove(const std::string& kind, const std::string& id) {
    const std::lock_guard lock(mutex_);
    things_.erase({kind, id});
    changes_.push_back({kind, id, {}});
  }
  void revoke(const model::Revocation& revocation) {
    const std::lock_guard lock(mutex_);
    revocations_.push_back(revocation);
  }
  // Another history: a restored backup.
  void begin_again(std::string tag) {
    const std::lock_guard lock(mutex_);
    tag_ = std::move(tag);
    changes_.clear();
  }
  void set_down(bool down) {
    const std::lock_guard lock(mutex_);
    down_ = down;
  }
  void lose_usage_answers(int count) {
    const std::lock_guard lock(mutex_);
    lost_answers_ = count;
  }
  std::uint64_t number() const {
    const std::lock_guard lock(mutex_);
    return changes_.size();
  }
  // Counted once per batch, as the analytics role does.
  std::uint64_t calls(const std::string& api_id, std::int64_t status_class) const {
    const std::lock_guard lock(mutex_);
    std::uint64_t total = 0;
    for (const json::object& row : usage_) {
      if (text_or(row, "api_id", "") == api_id &&
          number_or(row, "status_class", 0) == status_class) {
        total += static_cast<std::uint64_t>(number_or(row, "count", 0));
      }
    }
    return total;
  }

  std::size_t asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  // Sends the next one who asks for the snapshot away for a second.
  void be_busy() {
    const std::lock_guard lock(mutex_);
    busy_ = true;
  }
  std::size_t snapshots_asked() const {
    const std::lock_guard lock(mutex_);
    return snapshots_asked_;
  }

  http::Response handle(const http::Request& request) override {
    std::unique_lock lock(mutex_);
    ++asked_;
    if (request.target.find("wait=") != std::string::npos) {
      // Long enough for what a test does meanwhile, short enough for its end.
      const std::uint64_t since = number_in(request.target, "since=");
      changed_.wait_for(lock, std::chrono::seconds(2), [&] { return changes_.size() > since; });
    }
    if (down_) return http::make_response(503, "text/plain", "");
    if (request.target.find("/usage") != std::string::npos) return take_usage(request);
    model::FeedRange range;
    range.tag = tag_;
    range.to = changes_.size();
    range.revocation = revocations_.empty() ? 0 : revocations_.back().number;
    if (request.target.find("/revocations") != std::string::npos) return list_revocations(request);
    if (request.target.find("/snapshot") != std::string::npos) {
      ++snapshots_asked_;
      if (std::exchange(busy_, false)) {
        http::Response busy = http::make_response(503, "text/plain", "");
        busy.headers.set("Retry-After", "1");
        return busy;
      }
      std::string lines;
      for (const auto& [key, value] : things_) {
        lines += json::serialize(model::snapshot_line(key.first, key.second, value)) + "\n";
      }
      lines += json::serialize(model::last_snapshot_line(range, things_.size())) + "\n";
      return http::make_response(200, "application/x-ndjson", std::move(lines));
    } else {
      range.from = number_in(request.target, "since=");
      if (request.target.find("tag=" + tag_) == std::string::npos) {
        return http::make_response(409, "text/plain", "");
      }
      for (std::size_t i = range.from; i < changes_.size(); ++i) {
        (changes_[i].value.empty() ? range.removals : range.upserts).push_back(changes_[i]);
      }
    }
    return http::make_response(200, "application/json", json::serialize(to_json(range)));
  }

 private:
  static std::uint64_t number_in(const std::string& target, const std::string& name) {
    const std::string_view rest = std::string_view(target).substr(target.find(name) + name.size());
    return parse_number(rest.substr(0, rest.find('&'))).value_or(0);
  }
  http::Response list_revocations(const http::Request& request) {
    json::array list;
    for (const auto& each : revocations_) {
      if (each.number > number_in(request.target, "since=")) list.push_back(to_json(each));
    }
    return http::make_response(200, "application/json",
                               json::serialize(json::object{{"list", std::move(list)}}));
  }
  http::Response take_usage(const http::Request& request) {
    const auto body = parse_json_object(request.body);
    EXPECT_TRUE(body);
    if (!body) return http::make_response(400, "text/plain", "");
    const std::int64_t sequence = number_or(*body, "sequence", 0);
    if (sequence > last_sequence_) {
      last_sequence_ = sequence;
      for (const json::value& row : *array_at(*body, "rows")) usage_.push_back(row.as_object());
    }
    if (lost_answers_ > 0) {
      --lost_answers_;
      return http::make_response(503, "text/plain", "");
    }
    return http::make_response(204, "", "");
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t asked_ = 0;
  bool busy_ = false;
  std::size_t snapshots_asked_ = 0;
  std::string tag_ = "first";
  bool down_ = false;
  int lost_answers_ = 0;
  std::map<std::pair<std::string, std::string>, json::object> things_;
  std::vector<model::FeedEntry> changes_;
  std::vector<model::Revocation> revocations_;
  std::vector<json::object> usage_;
  std::int64_t last_sequence_ = 0;
};

// Knows tokens by their text.
class TestKeyManager final : public http::Handler {
 public:
  void issue(const std::string& token, model::Validation validation) {
    const std::lock_guard lock(mutex_);
    tokens_[token] = std::move(validation);
  }
  void take_back(const std::string& token) {
    const std::lock_guard lock(mutex_);
    tokens_.erase(token);
  }
  void set_down(bool down) {
    const std::lock_guard lock(mutex_);
    down_ = down;
  }
  // Has seen the revocations up to this number.
  void stand_at(std::uint64_t revocation) {
    const std::lock_guard lock(mutex_);
    revocation_ = revocation;
  }
  std::size_t asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  std::size_t batches() const {
    const std::lock_guard lock(mutex_);
    return batches_;
  }
  // While held, whoever asks waits.
  void hold(bool held) { held_ = held; }
  std::size_t waiting() const { return waiting_; }

  http::Response handle(const http::Request& request) override {
    ++waiting_;
    while (held_) std::this_thread::yield();
    --waiting_;
    const std::lock_guard lock(mutex_);
    if (down_) return http::make_response(503, "text/plain", "");
    if (!request.target.starts_with("/internal/")) {
      http::Response response = http::make_response(200, "text/plain", request.body);
      response.headers.add("X-Target", request.target);
      return response;
    }
    const auto body = parse_json_object(request.body).value();
    ++batches_;
    json::array list;
    for (const std::string& token : texts_of(body, "tokens")) {
      ++asked_;
      model::Validation unknown;
      unknown.code = 900901;
      const auto found = tokens_.find(token);
      list.push_back(to_json(found == tokens_.end() ? unknown : found->second));
    }
    return http::make_response(
        200, "application/json",
        json::serialize(json::object{{"revocation", revocation_}, {"list", std::move(list)}}));
  }

 private:
  mutable std::mutex mutex_;
  bool down_ = false;
  std::size_t asked_ = 0;
  std::size_t batches_ = 0;
  std::atomic<bool> held_{false};
  std::atomic<std::size_t> waiting_{0};
  std::uint64_t revocation_ = 0;
  std::map<std::string, model::Validation> tokens_;
};

// Answers the asks of holders, on a thread of its own.
class TestOwner {
 public:
  using Answers = std::vector<std::pair<std::string, limits::OwnerMessage>>;
  using Answer = std::function<Answers(const limits::HolderMessage&)>;

  TestOwner(bus::Bus& bus, Answer answer) : bus_(bus), answer_(std::move(answer)) {
    asks_ = bus.subscribe(std::string(limits::subject_ask), [this](std::string_view bytes) {
      loop_.post([this, asked = limits::decode_holder_message(bytes).value()] { reply(asked); });
    });
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~TestOwner() {
    asks_.reset();
    loop_.stop();
    thread_.join();
  }

  // As the traffic manager does, without its journal.
  static Answer coordinator(const Clock& clock) {
    const auto owner = std::make_shared<limits::Coordinator>(limits::Coordinator::Options{});
    return [owner, &clock](const limits::HolderMessage& asked) {
      owner->on_message(asked, clock.now());
      owner->take_reservations();
      return owner->take_messages();
    };
  }

 private:
  void reply(const limits::HolderMessage& asked) {
    for (const auto& [holder, message] : answer_(asked)) {
      bus_.publish(limits::reply_subject(holder), encode(message));
    }
  }

  bus::Bus& bus_;
  const Answer answer_;
  net::Loop loop_;
  std::unique_ptr<bus::Subscription> asks_;
  std::thread thread_;
};

inline model::DeployedApi test_api(const std::string& id, const std::string& url) {
  model::DeployedApi api;
  api.id = id;
  api.name = id;
  api.tenant_domain = "carbon.super";
  api.context = "/" + id;
  api.version = "1";
  api.state = "PUBLISHED";
  api.security_schemes = {"oauth2", "api_key"};
  for (const char* verb : {"GET", "POST", "PUT"}) {
    api.operations.push_back({verb, "/*", model::AuthType::any, "", {}});
    api.operations.push_back({verb, "/open/*", model::AuthType::none, "", {}});
  }
  api.operations.push_back({"GET", "/rare", model::AuthType::any, "TwoPerHour", {}});
  api.production.urls = {url};
  api.production.timeout_ms = 5'000;
  return api;
}

// Everything around a gateway, and one application ("shop", token "good") that subscribes to the
// API "pizza" once it is deployed.
class TestWorld {
 public:
  explicit TestWorld(unsigned workers = 1) : owner_(bus, TestOwner::coordinator(clock)) {
    options.snapshot_folder = folder + "/snapshot";
    options.workers = workers;
    options.address = net::Address::loopback();
    options.ports = {0, 0};
    options.access_log.file = folder + "/access.log";
    options.poll = std::chrono::milliseconds(20);
    fill();
  }
  ~TestWorld() {
    if (gateway) gateway->stop();
    pool.stop();
    gateway.reset();
  }

  void deploy(const model::DeployedApi& api) { control_plane.set("api", api.id, to_json(api)); }
  void start() {
    gateway = std::make_unique<Gateway>(
        Gateway::Parts{clock, random, metrics, bus, pool, feed,
                       [this](net::Loop& loop) -> std::unique_ptr<http::Client> {
                         return std::make_unique<http::LocalClient>(loop, pool, key_manager);
                       },
                       watched},
        options);
    const Result<> started = gateway->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  // The gateway stands where the control plane does.
  void catch_up() {
    ASSERT_TRUE(gateway->wait_for(control_plane.number(), std::chrono::seconds(10)));
  }
  std::uint16_t port() const { return gateway->ports().http; }
  void revoke(const model::Revocation& revocation) {
    control_plane.revoke(revocation);
    bus.publish(bus::subject_revocations, json::serialize(to_json(revocation)));
  }

  model::Validation valid_token() const {
    model::Validation validation;
    validation.active = true;
    validation.client_id = "client";
    validation.issued_at = clock.now();
    validation.expires_at = clock.now() + std::chrono::hours(1);
    return validation;
  }

  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  bus::LocalBus bus;
  net::Loop unused_loop;
  net::Pool pool{{.name = "test", .threads = 2}};
  TestControlPlane control_plane;
  TestKeyManager key_manager;
  http::LocalClient feed{unused_loop, pool, control_plane};
  const TestFolder place;
  const std::string folder = place.path();
  Options options;
  std::function<std::unique_ptr<http::Client>(net::Loop&)> watched;  // the control plane, if it is
  std::unique_ptr<Gateway> gateway;

 private:
  void fill() {
    using namespace model;
    const auto set = [this](const char* kind, const auto& thing) {
      control_plane.set(kind, thing.id, to_json(thing));
    };
    set("application", KnownApplication{"shop", 1, "Shop", "ann", "Unlimited", "APPROVED"});
    set("key_mapping", KnownKeyMapping{"map", 1, "client", "shop", KeyType::production, ""});
    set("subscription", KnownSubscription{"sub", 1, "pizza", "shop", "Gold", "UNBLOCKED"});
    set("policy", KnownPolicy{"gold", 1, PolicyLevel::subscription, "Gold", false, 1'000'000,
                              86'400, 0, 1, true, false});
    set("policy",
        KnownPolicy{"two", 1, PolicyLevel::api, "TwoPerHour", false, 2, 3'600, 0, 1, true, false});
    key_manager.issue("good", valid_token());
  }

  TestOwner owner_;
};

}  // namespace gatehouse::gateway
