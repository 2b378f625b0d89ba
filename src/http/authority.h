// SPDX-License-Identifier: Apache-2.0
//
// Reads "host[:port]", as it stands in the Host field, in an absolute target and in the address of
// a backend.
//
// Thread:  pure functions.
// Source:  RFC 3986, section 3.2, narrowed: letters, digits, '-', '.' and '_', or an IPv6 address
// in
//          brackets. User information, percent codes and an empty host are refused, since two
//          servers rarely agree on them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatehouse::http {

struct Authority {
  std::string_view host;   // an IPv6 address keeps its brackets
  std::uint16_t port = 0;  // 0: none was given
};

std::optional<Authority> parse_authority(std::string_view text);

}  // namespace gatehouse::http
