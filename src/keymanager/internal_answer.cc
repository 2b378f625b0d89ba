// SPDX-License-Identifier: Apache-2.0
#include "keymanager/internal_answer.h"

#include "rest/problem.h"

namespace gatehouse::keymanager {

http::Response internal_answer(int status, const json::object& body) {
  return internal_answer(status, json::serialize(body));
}

http::Response internal_answer(int status, std::string json) {
  http::Response response = http::make_response(status, "application/json", std::move(json));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

http::Response internal_done() {
  http::Response response;
  response.status = 204;
  return response;
}

http::Response internal_refusal(const Error& error) {
  Error adapted = error;
  if (error.code == ErrorCode::exhausted) adapted.code = ErrorCode::unavailable;
  http::Response response = rest::problem_response(adapted);
  if (response.status == 503 && response.headers.find("Retry-After") == nullptr) {
    response.headers.add("Retry-After", "1");
  }
  return response;
}

}  // namespace gatehouse::keymanager
