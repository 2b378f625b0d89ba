// SPDX-License-Identifier: Apache-2.0
//
// Calls a Handler so that nothing it throws gets further: 500 and a line in the log instead.
//
// Thread:  as the handler's own functions.
#pragma once

#include "http/handler.h"

namespace gatehouse::http {

std::optional<Response> try_answer_safely(Handler& handler, const Request& request);
Response handle_safely(Handler& handler, const Request& request);
std::vector<Response> handle_all_safely(Handler& handler, std::span<const Request* const> requests);

// The shape of the REST APIs' errors, for what no handler has seen or finished:
// {"code":404,"message":"Not Found","description":"…","moreInfo":"","error":[]}
Response error_response(int status, std::string_view description);

}  // namespace gatehouse::http
