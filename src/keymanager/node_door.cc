// SPDX-License-Identifier: Apache-2.0
#include "keymanager/node_door.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/digest.h"
#include "core/text.h"
#include "keymanager/basic.h"
#include "keymanager/internal_answer.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view served_path = "/internal/keys/v1/validate";
constexpr std::string_view cookie_name = "gatehouse_node";

constexpr std::size_t node_bytes_max = 128;

// A name that stands in a cookie as it is.
bool is_node_name(std::string_view name) {
  return !name.empty() && name.size() <= node_bytes_max &&
         std::all_of(name.begin(), name.end(), [](char c) {
           const char lower = ascii_lower(c);
           return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
         });
}

std::string_view session_of(const http::Request& request) {
  const std::string_view cookies = request.headers.value_or("Cookie", "");
  for (const std::string_view pair : split(cookies, ';')) {
    const std::string_view trimmed = trim(pair);
    const std::size_t equals = trimmed.find('=');
    if (trimmed.substr(0, equals) == cookie_name && equals != std::string_view::npos) {
      return trimmed.substr(equals + 1);
    }
  }
  return {};
}

http::Response unknown_node() {
  http::Response response = internal_refusal(
      Error{ErrorCode::unauthenticated, "The node is not known", "neither session nor secret"});
  response.headers.add("WWW-Authenticate", "Basic realm=\"gatehouse cluster\"");
  return response;
}

}  // namespace

NodeDoor::NodeDoor(http::Handler& inside, const NodeSessions& sessions, std::string_view secret,
                   Metrics& metrics)
    : inside_(inside),
      sessions_(sessions),
      secret_hash_(to_bytes(sha256(secret))),
      session_hits_(metrics.counter("gatehouse_key_manager_session_hits_total", "",
                                    "Requests of nodes that were known by their session")),
      basic_fallbacks_(metrics.counter("gatehouse_key_manager_basic_fallbacks_total", "",
                                       "Requests of nodes that were known by Basic only")),
      refusals_(metrics.counter("gatehouse_key_manager_node_refusals_total", "",
                                "Requests of nodes that were not known")),
      session_time_(metrics.histogram("gatehouse_key_manager_node_authentication_seconds",
                                      "by=\"session\"", "What it took to know a node")),
      basic_time_(metrics.histogram("gatehouse_key_manager_node_authentication_seconds",
                                    "by=\"basic\"", "What it took to know a node")) {}

std::optional<NodeDoor::Entry> NodeDoor::open_for(const http::Request& request) const {
  if (sessions_.check(session_of(request))) return Entry{.by_session = true, .node = {}};
  const auto basic = basic_credentials(request.headers.value_or("Authorization", ""));
  if (!basic || !is_node_name(basic->name)) return std::nullopt;
  const std::string hash = to_bytes(sha256(basic->secret));
  if (!equals_in_constant_time(hash, secret_hash_)) return std::nullopt;
  return Entry{.by_session = false, .node = basic->name};
}

http::Response NodeDoor::let_through(const Entry& entry, http::Response served,
                                     std::chrono::nanoseconds time) {
  if (entry.by_session) {
    session_hits_.add();
    session_time_.observe(time);
    return served;
  }
  basic_fallbacks_.add();
  basic_time_.observe(time);
  served.headers.add("Set-Cookie",
                     fmt::format("{}={}; Path=/internal; Max-Age={}; Secure; HttpOnly", cookie_name,
                                 sessions_.make(entry.node), NodeSessions::lifetime.count()));
  return served;
}

std::optional<http::Response> NodeDoor::try_answer(const http::Request& request) {
  if (request.path != served_path) return std::nullopt;
  const auto begun = std::chrono::steady_clock::now();
  const std::optional<Entry> entry = open_for(request);
  const auto time = std::chrono::steady_clock::now() - begun;
  if (!entry) {
    refusals_.add();
    return unknown_node();
  }
  std::optional<http::Response> served = inside_.try_answer(request);
  if (!served) return std::nullopt;
  return let_through(*entry, *std::move(served), time);
}

http::Response NodeDoor::handle(const http::Request& request) {
  if (request.path != served_path) {
    return internal_refusal(Error{ErrorCode::not_found, "There is nothing here", request.path});
  }
  const auto begun = std::chrono::steady_clock::now();
  const std::optional<Entry> entry = open_for(request);
  const auto time = std::chrono::steady_clock::now() - begun;
  if (!entry) {
    refusals_.add();
    return unknown_node();
  }
  return let_through(*entry, inside_.handle(request), time);
}

}  // namespace gatehouse::keymanager
