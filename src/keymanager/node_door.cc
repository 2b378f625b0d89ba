// SPDX-License-Identifier: Apache-2.0
#include "keymanager/node_door.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/digest.h"
#include "core/log.h"
#include "core/text.h"
#include "http/session_client.h"
#include "keymanager/basic.h"
#include "keymanager/internal_answer.h"

namespace gatehouse::keymanager {

namespace {

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

Histogram& time_of(Metrics& metrics, const NodeDoor::Proofs& proofs, std::string_view by) {
  return metrics.histogram(
      "gatehouse_key_manager_node_authentication_seconds",
      fmt::format("by=\"{}\"{}{}", by, proofs.labels.empty() ? "" : ",", proofs.labels),
      "What it took to know a node");
}

}  // namespace

NodeDoor::NodeDoor(http::Handler& inside, const Proofs& proofs, Metrics& metrics)
    : inside_(inside),
      certificates_(proofs.certificates),
      sessions_(proofs.sessions),
      secret_hash_(to_bytes(sha256(proofs.secret))),
      mtls_hits_(metrics.counter("gatehouse_key_manager_mtls_hits_total", proofs.labels,
                                 "Requests of nodes that were known by their certificate")),
      session_hits_(metrics.counter("gatehouse_key_manager_session_hits_total", proofs.labels,
                                    "Requests of nodes that were known by their session")),
      basic_fallbacks_(metrics.counter("gatehouse_key_manager_basic_fallbacks_total", proofs.labels,
                                       "Requests of nodes that were known by Basic only")),
      refusals_(metrics.counter("gatehouse_key_manager_node_refusals_total", proofs.labels,
                                "Requests of nodes that were not known")),
      mtls_time_(time_of(metrics, proofs, "mtls")),
      session_time_(time_of(metrics, proofs, "session")),
      basic_time_(time_of(metrics, proofs, "basic")) {}

Result<NodeDoor::Entry> NodeDoor::open_by_secret(const http::Request& request) const {
  if (sessions_->check(session_of(request))) return Entry{.by = Proof::session, .node = {}};
  const auto basic = basic_credentials(request.headers.value_or("Authorization", ""));
  if (basic && is_node_name(basic->name) &&
      equals_in_constant_time(to_bytes(sha256(basic->secret)), secret_hash_)) {
    return Entry{.by = Proof::basic, .node = basic->name};
  }
  return fail(ErrorCode::unauthenticated, "The node is not known", "neither session nor secret");
}

Result<NodeDoor::Entry> NodeDoor::open_for(const http::Request& request) const {
  if (certificates_ != nullptr && !request.peer.certificate.empty()) {
    GH_TRY(node, certificates_->check(request.peer.certificate));
    return Entry{.by = Proof::certificate, .node = std::move(node)};
  }
  if (sessions_ != nullptr) return open_by_secret(request);
  return fail(ErrorCode::unauthenticated, "The node is not known", "it showed no certificate");
}

http::Response NodeDoor::refuse(const Error& error) {
  refusals_.add();
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  if (logged_second_.exchange(second) != second) {
    log_warning("a node is refused: {}: {}", error.message, error.detail);
  }
  http::Response response = internal_refusal(error);
  response.headers.set(http::node_refused_field, std::string(http::node_refused));
  if (sessions_ != nullptr) {
    response.headers.set("WWW-Authenticate", "Basic realm=\"gatehouse cluster\"");
  }
  return response;
}

http::Response NodeDoor::let_through(const Entry& entry, http::Response served,
                                     std::chrono::nanoseconds time) {
  switch (entry.by) {
    case Proof::certificate:
      mtls_hits_.add();
      mtls_time_.observe(time);
      break;
    case Proof::session:
      session_hits_.add();
      session_time_.observe(time);
      break;
    case Proof::basic:
      basic_fallbacks_.add();
      basic_time_.observe(time);
      served.headers.add(
          "Set-Cookie",
          fmt::format("{}={}; Path=/internal; Max-Age={}; Secure; HttpOnly", cookie_name,
                      sessions_->make(entry.node), NodeSessions::lifetime.count()));
      break;
  }
  return served;
}

std::optional<http::Response> NodeDoor::try_answer(const http::Request& request) {
  // A chain is verified on the pool.
  const std::string& certificate = request.peer.certificate;
  if (certificates_ != nullptr && !certificate.empty() && !certificates_->remembered(certificate)) {
    return std::nullopt;
  }
  const auto begun = std::chrono::steady_clock::now();
  const Result<Entry> entry = open_for(request);
  const auto time = std::chrono::steady_clock::now() - begun;
  if (!entry) return refuse(entry.error());
  std::optional<http::Response> served = inside_.try_answer(request);
  if (!served) return std::nullopt;
  return let_through(*entry, *std::move(served), time);
}

http::Response NodeDoor::handle(const http::Request& request) {
  const auto begun = std::chrono::steady_clock::now();
  const Result<Entry> entry = open_for(request);
  const auto time = std::chrono::steady_clock::now() - begun;
  if (!entry) return refuse(entry.error());
  return let_through(*entry, inside_.handle(request), time);
}

}  // namespace gatehouse::keymanager
