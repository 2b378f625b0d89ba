// SPDX-License-Identifier: Apache-2.0
#include "http/answering.h"

#include <exception>

#include "core/json.h"
#include "core/log.h"

namespace gatehouse::http {
namespace {

Response bug(const Request& request, std::string_view what) {
  log_error("{} {}: {}", request.method, request.path, what);
  return error_response(500, "The server has a fault; its log says more.");
}

}  // namespace

std::optional<Response> try_answer_safely(Handler& handler, const Request& request) {
  try {
    return handler.try_answer(request);
  } catch (const std::exception& exception) {
    return bug(request, exception.what());
  } catch (...) {
    return bug(request, "unknown exception");
  }
}

Response handle_safely(Handler& handler, const Request& request) {
  try {
    return handler.handle(request);
  } catch (const std::exception& exception) {
    return bug(request, exception.what());
  } catch (...) {
    return bug(request, "unknown exception");
  }
}

std::vector<Response> handle_all_safely(Handler& handler,
                                        std::span<const Request* const> requests) {
  const auto faults = [&](std::string_view what) {
    return std::vector<Response>(requests.size(), bug(*requests.front(), what));
  };
  try {
    std::vector<Response> answers = handler.handle_all(requests);
    GH_ASSERT(answers.size() == requests.size());
    return answers;
  } catch (const std::exception& exception) {
    return faults(exception.what());
  } catch (...) {
    return faults("unknown exception");
  }
}

Response error_response(int status, std::string_view description) {
  const json::object body{{"code", status},
                          {"message", reason_phrase(status)},
                          {"description", description},
                          {"moreInfo", ""},
                          {"error", json::array()}};
  return make_response(status, "application/json", json::serialize(body));
}

}  // namespace gatehouse::http
