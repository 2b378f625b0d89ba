// SPDX-License-Identifier: Apache-2.0
#include "app/sizing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace gatehouse::app {
namespace {

// Microseconds of a core, and bytes.
constexpr double gateway_call = 9.1;
constexpr double gateway_call_uncached = 17.5;
constexpr double validation_cached = 2.7;
constexpr double validation_uncached = 23;
constexpr double validation_fresh = 27.5;
constexpr double issue = 250;
constexpr double login = 34'000;
constexpr double idle = 32'300'000;
constexpr double api_memory = 14'900;
constexpr double gateway_token = 700;
constexpr double gateway_tokens_max = 100'000;  // that a gateway remembers, of its options
constexpr double key_manager_token = 900;
constexpr double login_memory = 19 * 1024 * 1024;

constexpr double micros = 1e6;
constexpr double megabyte = 1024 * 1024;

enum class Cache { gateway, key_manager, none };

// Cores that the gateways of `calls` keep busy.
double gateways_busy(double calls, Cache cache) {
  return calls * (cache == Cache::gateway ? gateway_call : gateway_call_uncached) / micros;
}

double key_managers_busy(const Load& load, Cache cache) {
  const double fresh = load.calls * load.fresh;
  double busy = fresh * issue + load.logins * login;
  if (cache != Cache::none) busy += fresh * validation_fresh;
  if (cache == Cache::key_manager) busy += load.calls * validation_cached;
  if (cache == Cache::none) busy += load.calls * validation_uncached;
  return busy / micros;
}

// With one more than carry the load.
NodeGroup group(std::string role, double busy, unsigned cores, double memory) {
  const auto carrying = static_cast<unsigned>(std::ceil(busy / (busy_max * cores)));
  return {.role = std::move(role),
          .nodes = std::max(carrying, 1U) + 1,
          .busy = busy,
          .memory_mb = static_cast<unsigned>(std::ceil(memory / megabyte))};
}

double gateway_memory(const Load& load, Cache cache) {
  return idle + load.apis * api_memory +
         (cache == Cache::gateway ? std::min(load.tokens, gateway_tokens_max) * gateway_token : 0);
}

// As many logins at once as there are cores, four at most (docs/performance.md).
double key_manager_memory(const Load& load, Cache cache) {
  return idle + std::min(load.cores, 4U) * login_memory +
         (cache == Cache::key_manager ? load.tokens * key_manager_token : 0);
}

// What does not grow with the load: two of each.
NodeGroup pair_of(std::string role, unsigned cores) {
  return group(std::move(role), 0, cores, idle);
}

std::vector<NodeGroup> one_machine(const Load& load, std::string_view role) {
  const double busy =
      gateways_busy(load.calls, Cache::gateway) + key_managers_busy(load, Cache::gateway);
  const double memory =
      gateway_memory(load, Cache::gateway) + key_manager_memory(load, Cache::gateway) - idle;
  return {group(std::string(role), busy, load.cores, memory)};
}

std::vector<NodeGroup> layers(const Load& load, Cache cache) {
  return {
      group("gateway", gateways_busy(load.calls, cache), load.cores, gateway_memory(load, cache)),
      group("key-manager", key_managers_busy(load, cache), load.cores,
            key_manager_memory(load, cache))};
}

std::vector<NodeGroup> two_sides(const Load& load) {
  const double memory = gateway_memory(load, Cache::gateway);
  const double outside = load.calls * load.external;
  return {group("gateway (internal)", gateways_busy(load.calls - outside, Cache::gateway),
                load.cores, memory),
          group("gateway (external)", gateways_busy(outside, Cache::gateway), load.cores, memory),
          group("key-manager", key_managers_busy(load, Cache::gateway), load.cores,
                key_manager_memory(load, Cache::gateway))};
}

std::vector<NodeGroup> groups_of(std::string_view pattern, const Load& load) {
  if (pattern == "1" || pattern == "1-ha") return one_machine(load, "all-in-one");
  std::vector<NodeGroup> groups;
  if (pattern == "2/cache-gateway") groups = layers(load, Cache::gateway);
  if (pattern == "2/cache-key-manager") groups = layers(load, Cache::key_manager);
  if (pattern == "2/cache-none") groups = layers(load, Cache::none);
  if (pattern == "3") groups = layers(load, Cache::gateway);
  if (pattern == "4" || pattern == "5") groups = two_sides(load);
  if (pattern == "3") {
    for (const char* role : {"traffic-manager", "publisher", "devportal", "admin"}) {
      groups.push_back(pair_of(role, load.cores));
    }
  } else {
    groups.push_back(pair_of("publisher, devportal, admin, traffic-manager", load.cores));
  }
  return groups;
}

Result<> check(const Load& load) {
  const bool sound = load.calls >= 0 && load.logins >= 0 && load.apis >= 0 && load.tokens >= 0 &&
                     load.fresh >= 0 && load.fresh <= 1 && load.external >= 0 &&
                     load.external <= 1 && load.cores > 0;
  if (sound) return {};
  return fail(ErrorCode::invalid_argument,
              "no number may be negative, and a share is between 0 and 1");
}

void print(std::string_view pattern, const std::vector<NodeGroup>& groups, std::ostream& out) {
  out << fmt::format("pattern {}\n", pattern);
  for (const NodeGroup& group : groups) {
    out << fmt::format("  {:<46}{:>4} nodes{:>8.2f} cores busy{:>7} MB each\n", group.role,
                       group.nodes, group.busy, group.memory_mb);
  }
}

}  // namespace

const std::vector<Cost>& costs() {
  static const std::vector<Cost> all = {
      {"a call at the gateway", gateway_call, "us", "script/bench keymanager cache: 109,362/s"},
      {"a call at a gateway that asks about each", gateway_call_uncached, "us",
       "script/bench keymanager cache: 57,295/s"},
      {"its question, to a key manager that remembers", validation_cached, "us",
       "script/bench keymanager cache"},
      {"its question, to one that does not", validation_uncached, "us",
       "script/bench keymanager cache"},
      {"a question about a token of which nobody knows yet", validation_fresh, "us",
       "script/bench keymanager validate: 36,326/s"},
      {"a token, opaque, on PostgreSQL", issue, "us", "script/bench keymanager issue: 3,993/s"},
      {"a login with a password", login, "us", "script/bench keymanager login: Argon2id"},
      {"a node that does nothing", idle, "bytes", "script/bench startup"},
      {"an API with ten subscriptions, at a gateway", api_memory, "bytes", "script/bench snapshot"},
      {"a token that a gateway remembers", gateway_token, "bytes",
       "gateway/token_home.h and its journal"},
      {"a token that a key manager remembers", key_manager_token, "bytes",
       "keymanager/key_cache.h"},
      {"a password that is hashed", login_memory, "bytes", "script/bench keymanager login"},
  };
  return all;
}

const std::vector<std::string>& sized_patterns() {
  static const std::vector<std::string> names = {
      "1", "1-ha", "2/cache-gateway", "2/cache-key-manager", "2/cache-none", "3", "4", "5"};
  return names;
}

Result<std::vector<NodeGroup>> nodes_for(std::string_view pattern, const Load& load) {
  GH_CHECK(check(load));
  if (!std::ranges::count(sized_patterns(), pattern)) {
    return fail(ErrorCode::invalid_argument, fmt::format("no pattern {}; there are {}", pattern,
                                                         fmt::join(sized_patterns(), ", ")));
  }
  std::vector<NodeGroup> groups = groups_of(pattern, load);
  if (pattern == "1") {
    if (groups.front().nodes > 2) {
      return fail(ErrorCode::exhausted, "one machine does not carry that");
    }
    groups.front().nodes = 1;  // which may not be lost
  }
  return groups;
}

Result<> run_size(const std::string& pattern, const Load& load, std::ostream& out) {
  const std::vector<std::string> patterns =
      pattern.empty() ? sized_patterns() : std::vector<std::string>{pattern};
  for (const std::string& name : patterns) {
    const Result<std::vector<NodeGroup>> groups = nodes_for(name, load);
    if (groups) {
      print(name, *groups, out);
    } else if (groups.error().code == ErrorCode::exhausted) {
      out << fmt::format("pattern {}\n  {}\n", name, groups.error().message);
    } else {
      return tl::unexpected<Error>(groups.error());
    }
  }
  out << fmt::format(
      "\nOne node of each role may be lost; the others are busy to {:.0f} % at most. Databases,\n"
      "bus and balancers come on top: {:.0f} of {:.0f} tokens a second that one PostgreSQL keeps.\n"
      "\nFrom what was measured:\n",
      busy_max * 100, load.calls * load.fresh, micros / issue);
  for (const Cost& cost : costs()) {
    out << fmt::format("  {:<52}{:>9} {:<6}{}\n", cost.name, cost.amount, cost.unit, cost.measured);
  }
  return {};
}

}  // namespace gatehouse::app
