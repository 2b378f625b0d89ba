// SPDX-License-Identifier: Apache-2.0
//
// The stages, in the order of gateway/pipeline.cc. Each is a plain function that never waits; what
// it needs and leaves is said here, how it decides in its own file.
//
// Thread:  one event loop.
#pragma once

#include "gateway/pipeline.h"

namespace gatehouse::gateway::stages {

// Is the API open, and on this transport? Needs: api.
Flow state(Exchange& exchange, Surroundings& surroundings);

// Answers a preflight, and leaves the CORS fields of the answer. A preflight is OPTIONS with Origin
// and Access-Control-Request-Method, for a resource that exists and defines no OPTIONS of its own.
// Source: the Fetch standard, section 3.2.
Flow cors(Exchange& exchange, Surroundings& surroundings);

// Whether pages of this origin may use an API with this policy.
bool is_origin_allowed(const model::CorsPolicy& policy, std::string_view origin);

// 404, or 405 with Allow, when there is no operation.
Flow resource(Exchange& exchange, Surroundings& surroundings);

// Leaves websocket. 426 when the API is for WebSockets only and this is none; 403 when a browser
// may not open it from this page. What asks for another protocol is served as if it did not.
// Source: RFC 6455, sections 4.2, 4.4 and 10.2.
Flow upgrade(Exchange& exchange, Surroundings& surroundings);

// Who calls? Leaves token or api_key, or neither where the operation asks for nothing. Needs the
// key manager for an opaque token that is not remembered.
Flow authenticate(Exchange& exchange, Surroundings& surroundings);

// The part of `authenticate` that knows the credential to be an API key or a key of the publisher's
// try-out console.
Flow check_api_key(Exchange& exchange);
Flow check_test_key(Exchange& exchange);

// May they? Leaves application, key_type and subscription. Decides on the snapshot alone.
Flow authorise(Exchange& exchange, Surroundings& surroundings);

// Leaves the backends for the type of the caller's key.
Flow endpoint(Exchange& exchange, Surroundings& surroundings);

// Takes one permit of every limit of the request, or none of them; a refusal is named by the first
// limit in order that said no. Cost: one look-up per limit; asks the owners only when this worker
// has no permits left.
Flow throttle(Exchange& exchange, Surroundings& surroundings);

}  // namespace gatehouse::gateway::stages
