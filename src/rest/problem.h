// SPDX-License-Identifier: Apache-2.0
//
// How an Error becomes an answer of the REST APIs, and the numbered errors that scripts know.
//
// Shape:   {"code":<number>,"message":"…","description":"…","moreInfo":"","error":[]}.
// Thread:  pure functions.
#pragma once

#include "core/error.h"
#include "http/message.h"

namespace gatehouse::rest {

// A numbered error of the contract; the constants are in rest/problems.h.
struct Problem {
  std::uint32_t number;
  ErrorCode code;
  const char* message;
};

// `return refuse(api_not_found, id);` — `detail` is for the log.
tl::unexpected<Error> refuse(const Problem& problem, std::string detail = "");
// The same with a description of this very case for the client.
tl::unexpected<Error> refuse_because(const Problem& problem, std::string message);

// The status by ErrorCode: 400, 401, 403, 404, 409, 429, 503, 500. `detail` is logged, not sent.
http::Response problem_response(const Error& error);
// With a status that no ErrorCode has: 405, 406, 412, 413, 415.
http::Response problem_response(const Error& error, int status);

}  // namespace gatehouse::rest
