// SPDX-License-Identifier: Apache-2.0
#include "gateway/own_endpoints.h"

#include <array>

#include "gateway/conversation.h"
#include "http/target.h"

namespace gatehouse::gateway {

namespace {

struct Passed {
  std::string_view path;
  std::string_view target;  // of the key manager
};
constexpr std::array passed_paths{
    Passed{"/token", "/oauth2/token"}, Passed{"/revoke", "/oauth2/revoke"},
    Passed{"/authorize", "/oauth2/authorize"}, Passed{"/userinfo", "/oauth2/userinfo"}};

constexpr std::string_view alive_path = "/healthz";
constexpr std::string_view ready_path = "/readyz";
constexpr std::string_view startup_path = "/api/am/gateway/v2/server-startup-healthcheck";

constexpr std::size_t body_bytes_max = 1024 * 1024;
constexpr std::chrono::seconds key_manager_timeout{30};

constexpr http::FieldSet passed_drops =
    http::hop_by_hop_fields |
    http::FieldSet{http::FieldId::content_length,    http::FieldId::expect,
                   http::FieldId::forwarded,         http::FieldId::x_forwarded_for,
                   http::FieldId::x_forwarded_host,  http::FieldId::x_forwarded_port,
                   http::FieldId::x_forwarded_proto, http::FieldId::x_real_ip,
                   http::FieldId::x_jwt_assertion,   http::FieldId::x_wso2_client_certificate};

std::string_view target_of(std::string_view path) {
  for (const Passed& passed : passed_paths) {
    if (passed.path == path) return passed.target;
  }
  return {};
}

}  // namespace

bool is_own_path(std::string_view path) {
  return path == alive_path || path == ready_path || path == startup_path ||
         !target_of(path).empty();
}

net::Task<> Conversation::answer_own_path() {
  const std::string_view target = target_of(exchange_.path);
  if (target.empty()) {
    co_await answer_health();
  } else {
    co_await pass_to_key_manager(target);
  }
}

net::Task<> Conversation::answer_health() {
  const bool ready = snapshot_.get() != nullptr && !worker_.drain().closing();
  OwnAnswer answer;
  answer.status = exchange_.path == alive_path || ready ? 200 : 503;
  answer.persists = connection_.decide_persistence();
  answer.head = &connection_.head();
  status_ = answer.status;
  out_.clear();
  append_own_answer(out_, answer, ids_);
  const Result<> written = co_await connection_.write(out_);
  if (!written) connection_.end_after_answer();
}

net::Task<Result<std::string>> Conversation::collect_body() {
  std::string body;
  if (!connection_.limit_body(body_bytes_max)) {
    co_return fail(ErrorCode::exhausted, "The body is too large");
  }
  while (!connection_.body_done()) {
    const Result<http::BodyPiece> piece = co_await connection_.read_body_some();
    if (!piece) co_return tl::unexpected<Error>(piece.error());
    body += piece->data;
    if (piece->last) break;
  }
  co_return body;
}

// Bodies of these requests are secrets: they are neither logged nor kept.
net::Task<> Conversation::pass_to_key_manager(std::string_view target) {
  Result<std::string> body = co_await collect_body();
  if (!body) {
    fail_upload();
    co_return;
  }
  const http::RequestHead& head = connection_.head();
  request_bytes_ = body->size();
  http::Request request;
  request.method = head.method_text();
  request.path = target;
  request.query = head.query();
  request.target = request.path;
  if (head.has_query()) request.target.append("?").append(head.query());
  request.body = *std::move(body);
  request.peer = {client_address_, exchange_.tls, client_certificate()};
  for (const http::Field& field : head.fields()) {
    if (passed_drops.has(field.id) || field.named_by_connection) continue;
    request.headers.add(std::string(head.name(field)), std::string(head.value(field)));
  }
  Result<http::Response> response =
      co_await worker_.key_manager().send(request, key_manager_timeout);
  if (!response) {
    exchange_.fault.retry_after = std::chrono::seconds(5);
    exchange_.fail(FaultCode::key_manager_unavailable);
    co_return;
  }
  response->headers.set("activityid", std::string(ids_.activity()));
  http::AnswerOptions options;
  options.version = head.version();
  const bool persists = connection_.decide_persistence();
  options.after = persists ? http::AnswerOptions::After::keep : http::AnswerOptions::After::close;
  status_ = response->status;
  response_bytes_ = response->body.size();
  out_.clear();
  http::append_answer_head(out_, *response, options, worker_.now());
  if (head.method() != http::Method::head) out_ += response->body;
  const Result<> written = co_await connection_.write(out_);
  if (!written) connection_.end_after_answer();
}

}  // namespace gatehouse::gateway
