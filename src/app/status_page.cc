// SPDX-License-Identifier: Apache-2.0
#include "app/status_page.h"

#include "core/json.h"
#include "core/text.h"
#include "gateway/snapshot_digest.h"

namespace gatehouse::app {

namespace {

constexpr std::chrono::seconds wait_max{1};

http::Response text(int status, std::string body) {
  return http::make_response(status, "text/plain; charset=utf-8", std::move(body));
}

}  // namespace

http::Response StatusPage::readiness() const {
  const Readiness now = read_();
  const json::object body{{"ready", now.ready}, {"number", now.number}, {"ageMs", now.age.count()}};
  return http::make_response(now.ready ? 200 : 503, "application/json", json::serialize(body));
}

http::Response StatusPage::snapshot() const {
  const std::shared_ptr<const gateway::Snapshot> known = known_();
  if (!known) return text(404, "There is no snapshot here\n");
  const gateway::SnapshotDigest digest = gateway::digest_of(*known);
  json::object counts;
  for (const auto& [kind, count] : digest.counts) counts[kind] = count;
  const json::object body{{"number", known->number()},
                          {"tag", known->tag()},
                          {"sha256", digest.sha256},
                          {"counts", std::move(counts)}};
  return http::make_response(200, "application/json", json::serialize(body));
}

std::optional<http::Response> StatusPage::try_answer(const http::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response refused = text(405, "GET only\n");
    refused.headers.add("Allow", "GET, HEAD");
    return refused;
  }
  if (request.path == "/healthz") return text(200, "alive\n");
  if (request.path == "/readyz") {
    if (request.query.starts_with("at=")) return std::nullopt;
    return readiness();
  }
  if (request.path == "/metrics") {
    return http::make_response(200, "text/plain; version=0.0.4; charset=utf-8", metrics_.text());
  }
  if (request.path == "/snapshot") return std::nullopt;
  return text(404, "This port has /healthz, /readyz, /metrics and /snapshot\n");
}

http::Response StatusPage::handle(const http::Request& request) {
  if (request.path == "/snapshot") return snapshot();
  const auto number = parse_number(std::string_view(request.query).substr(3));
  if (!number) return text(400, "at= takes a change number\n");
  if (!wait_(*number, wait_max)) {
    http::Response late = readiness();
    late.status = 503;
    return late;
  }
  return readiness();
}

}  // namespace gatehouse::app
