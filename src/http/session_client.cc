// SPDX-License-Identifier: Apache-2.0
#include "http/session_client.h"

namespace gatehouse::http {
namespace {

bool is_an_answer(const Result<Response>& response) {
  return response && response->status != 502 && response->status != 503 && response->status != 504;
}

// A refusal of this node must not be taken for one of whoever the question is about.
void take_refusal(Result<Response>& response) {
  if (!response || response->headers.value_or(node_refused_field, "") != node_refused) return;
  response = fail(ErrorCode::unavailable, "The other node does not know this one",
                  "status " + std::to_string(response->status));
}

}  // namespace

SessionClient::SessionClient(std::vector<std::unique_ptr<Client>> peers,
                             Authorization authorization, Patience patience)
    : peers_(std::move(peers)), authorization_(std::move(authorization)), patience_(patience) {
  GH_ASSERT(!peers_.empty());
}

SessionClient::Attempt SessionClient::attempt(const Request& request) {
  std::string authorization = is_question(request) ? authorization_() : std::string();
  const std::lock_guard lock(mutex_);
  Attempt attempt{current_, request};
  Headers& headers = attempt.request.headers;
  if (!is_question(request)) {
    if (!request.peer.address.empty()) headers.set("X-Forwarded-For", request.peer.address);
    return attempt;
  }
  if (shown_ != authorization) session_.clear();
  shown_ = authorization;
  if (authorization.empty()) return attempt;
  headers.set("Authorization", std::move(authorization));
  if (!session_.empty()) headers.set("Cookie", session_);
  return attempt;
}

// For a question one more than there are peers: a kept connection may turn out to be dead.
std::size_t SessionClient::attempts_for(const Request& request) const {
  return is_question(request) ? peers_.size() + 1 : peers_.size();
}

std::chrono::milliseconds SessionClient::time_of(std::size_t attempts,
                                                 std::chrono::milliseconds timeout) const {
  return patience_ == Patience::whole ? timeout : timeout / static_cast<std::int64_t>(attempts);
}

bool SessionClient::take_in(const Attempt& attempt, Result<Response>& response) {
  const bool question = is_question(attempt.request);
  if (question) take_refusal(response);
  const bool may_go_on = question || (!response && response.error().number == unsent);
  if (!response) response.error().number = 0;
  const std::lock_guard lock(mutex_);
  if (is_an_answer(response)) {
    const std::string_view cookie = response->headers.value_or("Set-Cookie", "");
    const bool earned = attempt.request.headers.value_or("Authorization", "") == shown_;
    if (!cookie.empty() && question && earned) session_ = cookie.substr(0, cookie.find(';'));
    return true;
  }
  // Another request may have moved on already.
  if (attempt.peer == current_) current_ = (current_ + 1) % peers_.size();
  return !may_go_on;
}

net::Task<Result<Response>> SessionClient::send(const Request& request,
                                                std::chrono::milliseconds timeout) {
  Result<Response> response = fail(ErrorCode::unavailable, "No peer was asked");
  const std::size_t attempts = attempts_for(request);
  const auto time = time_of(attempts, timeout);
  for (std::size_t i = 0; i < attempts; ++i) {
    const Attempt now = attempt(request);
    response = co_await peers_[now.peer]->send(now.request, time);
    if (take_in(now, response)) break;
  }
  co_return response;
}

Result<Response> SessionClient::ask(const Request& request, std::chrono::milliseconds timeout) {
  Result<Response> response = fail(ErrorCode::unavailable, "No peer was asked");
  const std::size_t attempts = attempts_for(request);
  const auto time = time_of(attempts, timeout);
  for (std::size_t i = 0; i < attempts; ++i) {
    const Attempt now = attempt(request);
    response = peers_[now.peer]->ask(now.request, time);
    if (take_in(now, response)) break;
  }
  return response;
}

}  // namespace gatehouse::http
