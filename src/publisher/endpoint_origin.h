// SPDX-License-Identifier: Apache-2.0
//
// Which backends a certificate is for.
//
// Thread:  pure functions.
#pragma once

#include <string>
#include <string_view>

#include "model/snapshot.h"

namespace gatehouse::publisher {

// "host:port" of an endpoint behind TLS: of an https URL, or of a host with or without port. Empty
// for anything else.
std::string tls_origin(std::string_view endpoint);

// The URLs of the API, of either key type.
std::vector<std::string> urls_of(const model::DeployedApi& api);

}  // namespace gatehouse::publisher
