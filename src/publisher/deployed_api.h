// SPDX-License-Identifier: Apache-2.0
//
// From the document of an API, as providers write it, to what a gateway serves.
//
// Endpoint configurations: `http` and `address` name one URL for each key type, `load_balance` a
// list, `failover` one and a list of replacements; gateways turn round all of them. `default` and
// types that gateways do not serve yet give no URL. An endpoint's `config.actionDuration`
// (milliseconds, as text) is the timeout of its key type.
//
// Thread:  pure functions.
#pragma once

#include "model/snapshot.h"

namespace gatehouse::publisher {

// Everything that the document says; identity, state, revision and place are the caller's.
// Error: invalid_argument, numbered, when an endpoint or an operation cannot be served.
Result<model::DeployedApi> deployed_api(const json::object& document);

// Error: invalid_argument (900346), when `url` is not an http or https URL with a host, or names a
// link-local address.
Result<> check_endpoint_url(std::string_view url);

}  // namespace gatehouse::publisher
