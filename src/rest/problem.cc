// SPDX-License-Identifier: Apache-2.0
#include "rest/problem.h"

#include "core/json.h"
#include "core/log.h"
#include "rest/problems.h"

namespace gatehouse::rest {

namespace {

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return 400;
    case ErrorCode::unauthenticated: return 401;
    case ErrorCode::forbidden: return 403;
    case ErrorCode::not_found: return 404;
    case ErrorCode::conflict: return 409;
    case ErrorCode::exhausted: return 429;
    case ErrorCode::unavailable: return 503;
    case ErrorCode::internal: return 500;
  }
  GH_ASSERT_NOT_REACHED();
}

std::string_view title_of(std::uint32_t number, int status) {
  const auto problems = all_problems();
  const auto found = std::find_if(problems.begin(), problems.end(),
                                  [&](const Problem& problem) { return problem.number == number; });
  return found == problems.end() ? http::reason_phrase(status) : found->message;
}

void log(const Error& error, int status) {
  if (status >= 500) {
    log_error("{} {}: {}", status, error.message, error.detail);
  } else if (!error.detail.empty()) {
    log_info("{} {}: {}", status, error.message, error.detail);
  }
}

}  // namespace

tl::unexpected<Error> refuse(const Problem& problem, std::string detail) {
  return fail(problem.code, problem.message, std::move(detail), problem.number);
}

tl::unexpected<Error> refuse_because(const Problem& problem, std::string message) {
  return fail(problem.code, std::move(message), "", problem.number);
}

http::Response problem_response(const Error& error) {
  return problem_response(error, status_of(error.code));
}

http::Response problem_response(const Error& error, int status) {
  log(error, status);
  json::object body;
  body["code"] = error.number != 0 ? error.number : static_cast<std::uint32_t>(status);
  body["message"] = title_of(error.number, status);
  // What broke inside stays inside.
  body["description"] = error.code == ErrorCode::internal ? "Something went wrong on our side"
                                                          : std::string_view(error.message);
  body["moreInfo"] = "";
  body["error"] = json::array();
  http::Response response = http::make_response(status, "application/json", json::serialize(body));
  if (status == 401) response.headers.set("WWW-Authenticate", "Bearer");
  if (status == 503) response.headers.set("Retry-After", "1");
  return response;
}

}  // namespace gatehouse::rest
