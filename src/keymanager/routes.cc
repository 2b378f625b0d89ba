// SPDX-License-Identifier: Apache-2.0
#include "keymanager/routes.h"

#include <optional>

#include "core/text.h"
#include "rest/problems.h"

namespace gatehouse::keymanager {

namespace {

// What stands in the place of "*", empty without one; nothing when the path is another.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) {
    return pattern == path ? std::optional<std::string>("") : std::nullopt;
  }
  const std::string_view before = pattern.substr(0, star);
  const std::string_view after = pattern.substr(star + 1);
  if (path.size() <= before.size() + after.size()) return std::nullopt;
  if (!path.starts_with(before) || !path.ends_with(after)) return std::nullopt;
  const std::string_view id =
      path.substr(before.size(), path.size() - before.size() - after.size());
  if (id.find('/') != std::string_view::npos) return std::nullopt;
  return std::string(id);
}

}  // namespace

void Routes::add(std::string method, std::string pattern, Answer answer) {
  routes_.push_back({std::move(method), std::move(pattern), std::move(answer)});
}

http::Response Routes::answer(const http::Request& request) const {
  std::vector<std::string> allowed;
  for (const Route& route : routes_) {
    const std::optional<std::string> id = match(route.pattern, request.path);
    if (!id) continue;
    const bool reads = request.method == "HEAD" && route.method == "GET";
    if (reads || route.method == request.method) return route.answer(request, *id);
    allowed.push_back(route.method);
  }
  if (allowed.empty()) {
    return rest::problem_response(rest::refuse(rest::resource_not_found).value());
  }
  http::Response response = rest::problem_response(
      Error{ErrorCode::invalid_argument, "This path does not have that verb", request.method}, 405);
  response.headers.add("Allow", join(allowed, ", "));
  return response;
}

}  // namespace gatehouse::keymanager
