// SPDX-License-Identifier: Apache-2.0
//
// JSON answers of the endpoints that do not speak OAuth, with the REST APIs' error body.
//
// Thread:  pure functions.
#pragma once

#include "core/error.h"
#include "core/json.h"
#include "http/message.h"

namespace gatehouse::keymanager {

http::Response internal_answer(int status, const json::object& body);
http::Response internal_answer(int status, std::string json);
// 204.
http::Response internal_done();
// As rest/problem.h; what is exhausted here is a queue of ours, not a limit of the caller, so it is
// 503 with Retry-After.
http::Response internal_refusal(const Error& error);

}  // namespace gatehouse::keymanager
