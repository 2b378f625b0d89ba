// SPDX-License-Identifier: Apache-2.0
#include "app/path_dispatcher.h"

#include <algorithm>

#include "rest/problem.h"

namespace gatehouse::app {

namespace {

http::Response not_found() {
  return rest::problem_response(
      Error{ErrorCode::not_found, "The requested resource is not available", "", 404});
}

}  // namespace

void PathDispatcher::add(std::string prefix, http::Handler& handler) {
  entries_.push_back({std::move(prefix), &handler});
  std::ranges::sort(
      entries_, [](const Entry& a, const Entry& b) { return a.prefix.size() > b.prefix.size(); });
}

http::Handler* PathDispatcher::find(std::string_view path) const {
  for (const Entry& entry : entries_) {
    if (!path.starts_with(entry.prefix)) continue;
    if (path.size() == entry.prefix.size() || path[entry.prefix.size()] == '/') {
      return entry.handler;
    }
  }
  return nullptr;
}

std::optional<http::Response> PathDispatcher::try_answer(const http::Request& request) {
  http::Handler* handler = find(request.path);
  return handler == nullptr ? not_found() : handler->try_answer(request);
}

http::Handler* PathDispatcher::gathers(const http::Request& request) {
  http::Handler* handler = find(request.path);
  return handler == nullptr ? nullptr : handler->gathers(request);
}

http::Response PathDispatcher::handle(const http::Request& request) {
  http::Handler* handler = find(request.path);
  return handler == nullptr ? not_found() : handler->handle(request);
}

net::Pool* PathDispatcher::pool_of(const http::Request& request) {
  http::Handler* handler = find(request.path);
  return handler == nullptr ? nullptr : handler->pool_of(request);
}

}  // namespace gatehouse::app
