// SPDX-License-Identifier: Apache-2.0
#include "http/session_client.h"

namespace gatehouse::http {
namespace {

bool is_an_answer(const Result<Response>& response) {
  return response && response->status != 502 && response->status != 503 && response->status != 504;
}

}  // namespace

SessionClient::SessionClient(std::vector<std::unique_ptr<Client>> peers, std::string authorization)
    : peers_(std::move(peers)), authorization_(std::move(authorization)) {
  GH_ASSERT(!peers_.empty());
}

Request SessionClient::with_credentials(const Request& request, std::string_view session) const {
  Request signed_request = request;
  if (!is_question(request) || authorization_.empty()) return signed_request;
  signed_request.headers.set("Authorization", authorization_);
  if (!session.empty()) signed_request.headers.set("Cookie", std::string(session));
  return signed_request;
}

// One more than there are peers: a kept connection may turn out to be dead.
std::size_t SessionClient::attempts_for(const Request& request) const {
  return is_question(request) ? peers_.size() + 1 : 1;
}

net::Task<Result<Response>> SessionClient::send(const Request& request,
                                                std::chrono::milliseconds timeout) {
  Result<Response> response = fail(ErrorCode::unavailable, "No peer was asked");
  const std::size_t attempts = attempts_for(request);
  const auto part = timeout / static_cast<std::int64_t>(attempts);
  for (std::size_t attempt = 0; attempt < attempts; ++attempt) {
    const Request signed_request = with_credentials(request, session_);
    const std::size_t peer = current_;
    response = co_await peers_[peer]->send(signed_request, part);
    if (is_an_answer(response)) {
      const std::string_view cookie = response->headers.value_or("Set-Cookie", "");
      if (!cookie.empty() && is_question(request)) session_ = cookie.substr(0, cookie.find(';'));
      co_return response;
    }
    // Another request may have moved on already.
    if (peer == current_) current_ = (current_ + 1) % peers_.size();
  }
  co_return response;
}

Result<Response> SessionClient::ask(const Request& request, std::chrono::milliseconds timeout) {
  Result<Response> response = fail(ErrorCode::unavailable, "No peer was asked");
  const Request signed_request = with_credentials(request, "");
  const std::size_t attempts = std::min(attempts_for(request), peers_.size());
  for (std::size_t attempt = 0; attempt < attempts; ++attempt) {
    response = peers_[attempt]->ask(signed_request, timeout / static_cast<std::int64_t>(attempts));
    if (is_an_answer(response)) break;
  }
  return response;
}

}  // namespace gatehouse::http
