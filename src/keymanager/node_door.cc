// SPDX-License-Identifier: Apache-2.0
#include "keymanager/node_door.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/log.h"
#include "core/text.h"
#include "http/session_client.h"
#include "keymanager/basic.h"
#include "keymanager/internal_answer.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view cookie_name = "gatehouse_node";

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

http::Request asked_by(const http::Request& request, const http::KnownNode& node) {
  http::Request asked = request;
  asked.peer.node = node;
  return asked;
}

Histogram& time_of(Metrics& metrics, const NodeDoor::Proofs& proofs, std::string_view by) {
  return metrics.histogram(
      "gatehouse_key_manager_node_authentication_seconds",
      fmt::format("by=\"{}\"{}{}", by, proofs.labels.empty() ? "" : ",", proofs.labels),
      "What it took to know a node");
}

}  // namespace

NodeDoor::NodeDoor(http::Handler& inside, const Proofs& proofs, const Clock& clock,
                   Metrics& metrics)
    : inside_(inside),
      proofs_(proofs),
      clock_(clock),
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

Result<NodePass> NodeDoor::believe(const NodePasses& passes, std::string_view text) const {
  GH_TRY(pass, passes.check(text));
  if (!proofs_.revocations->revokes(pass)) return pass;
  return fail(ErrorCode::unauthenticated, "The node is not known",
              fmt::format("the credential of {} is revoked", pass.node.name));
}

Result<NodeDoor::Entry> NodeDoor::open_by_pass(const http::Request& request) const {
  Result<NodePass> session = believe(*proofs_.sessions, session_of(request));
  if (session) return Entry{.by = Proof::session, .pass = *std::move(session)};
  const auto basic = basic_credentials(request.headers.value_or("Authorization", ""));
  if (!basic) return tl::unexpected<Error>(std::move(session.error()));
  GH_TRY(credential, believe(*proofs_.credentials, basic->secret));
  if (credential.node.name == basic->name) {
    return Entry{.by = Proof::basic, .pass = std::move(credential)};
  }
  return fail(ErrorCode::unauthenticated, "The node is not known",
              "its credential is that of another node");
}

Result<NodeDoor::Entry> NodeDoor::open_for(const http::Request& request) const {
  if (proofs_.certificates != nullptr && !request.peer.certificate.empty()) {
    GH_TRY(node, proofs_.certificates->check(request.peer.certificate));
    return Entry{.by = Proof::certificate, .pass = {.node = std::move(node)}};
  }
  if (proofs_.sessions != nullptr) return open_by_pass(request);
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
  if (proofs_.sessions != nullptr) {
    response.headers.set("WWW-Authenticate", "Basic realm=\"gatehouse cluster\"");
  }
  return response;
}

void NodeDoor::give_session(const NodePass& credential, http::Response& response) const {
  NodePass session = credential;
  session.expires = std::min(credential.expires, clock_.now() + session_lifetime);
  const Result<std::string> text = proofs_.sessions->make(session);
  if (!text) return;
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(session.expires - clock_.now());
  response.headers.add(
      "Set-Cookie", fmt::format("{}={}; Path=/internal; Max-Age={}; Secure; HttpOnly", cookie_name,
                                *text, age.count()));
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
      give_session(entry.pass, served);
      break;
  }
  return served;
}

std::optional<http::Response> NodeDoor::try_answer(const http::Request& request) {
  // A chain is verified on the pool.
  const std::string& certificate = request.peer.certificate;
  NodeCertificates* const certificates = proofs_.certificates;
  if (certificates != nullptr && !certificate.empty() && !certificates->remembered(certificate)) {
    return std::nullopt;
  }
  const auto begun = std::chrono::steady_clock::now();
  const Result<Entry> entry = open_for(request);
  const auto time = std::chrono::steady_clock::now() - begun;
  if (!entry) return refuse(entry.error());
  std::optional<http::Response> served = inside_.try_answer(asked_by(request, entry->pass.node));
  if (!served) return std::nullopt;
  return let_through(*entry, *std::move(served), time);
}

http::Response NodeDoor::handle(const http::Request& request) {
  const auto begun = std::chrono::steady_clock::now();
  const Result<Entry> entry = open_for(request);
  const auto time = std::chrono::steady_clock::now() - begun;
  if (!entry) return refuse(entry.error());
  http::Response served = inside_.handle(asked_by(request, entry->pass.node));
  // What was made for one node is not for another whose proof came along.
  const Result<Entry> still = open_for(request);
  if (!still) return refuse(still.error());
  if (still->pass.node.name != entry->pass.node.name) {
    return refuse(Error{ErrorCode::unauthenticated, "The node is not the one that asked", ""});
  }
  return let_through(*entry, std::move(served), time);
}

}  // namespace gatehouse::keymanager
