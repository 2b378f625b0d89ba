// SPDX-License-Identifier: Apache-2.0
//
// What is asked of an http or https URL that somebody registers.
//
// Thread:  pure functions.
// Source:  RFC 3986, section 3, narrowed: printable ASCII without spaces, no user information.
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::http {

// In lower case; an IPv6 address keeps its brackets. Empty, when it is no such URL.
std::string host_of(std::string_view url);

// A name or an address that always means the machine itself.
bool is_loopback_host(std::string_view host);

// https, or http within the machine: nobody on the way may change what comes, such as keys.
bool is_tamper_proof(std::string_view url);

}  // namespace gatehouse::http
