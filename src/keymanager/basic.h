// SPDX-License-Identifier: Apache-2.0
//
// The Authorization header with a name and a secret, and with a token.
//
// Thread:  pure functions.
// Source:  RFC 7617 (UTF-8), RFC 6750 section 2.1, RFC 9449 section 7.1, RFC 6749 section 2.3.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::keymanager {

struct NameAndSecret {
  std::string name;
  std::string secret;
};

// Nothing, when it is not well-formed Basic.
std::optional<NameAndSecret> basic_credentials(std::string_view authorization);

// The same of an OAuth client, whose two parts are form-encoded before they are joined.
std::optional<NameAndSecret> client_credentials_of(std::string_view authorization);

// Nothing, when it is not well-formed Bearer.
std::optional<std::string> bearer_token(std::string_view authorization);

enum class TokenScheme : std::uint8_t { bearer, dpop };
struct AccessToken {
  TokenScheme scheme = TokenScheme::bearer;
  std::string text;
};

// A token in one of the two schemes. Nothing, when it is in neither, or not well-formed.
std::optional<AccessToken> access_token_of(std::string_view authorization);

bool is_basic(std::string_view authorization);

}  // namespace gatehouse::keymanager
