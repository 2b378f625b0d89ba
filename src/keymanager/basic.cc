// SPDX-License-Identifier: Apache-2.0
#include "keymanager/basic.h"

#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

// What follows the scheme and one or more spaces; nothing for another scheme.
std::optional<std::string_view> after_scheme(std::string_view authorization,
                                             std::string_view scheme) {
  if (authorization.size() <= scheme.size() || authorization[scheme.size()] != ' ' ||
      !equals_ignoring_case(authorization.substr(0, scheme.size()), scheme)) {
    return std::nullopt;
  }
  std::string_view rest = authorization.substr(scheme.size());
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  return rest;
}

// token68 of RFC 9110, section 11.2.
bool is_token68(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  for (const char c : text) {
    const char lower = ascii_lower(c);
    const bool allowed = (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '-' || c == '.' ||
                         c == '_' || c == '~' || c == '+' || c == '/';
    if (!allowed) return false;
  }
  return !text.empty();
}

std::optional<std::string> form_decode(std::string text) {
  for (char& c : text) c = c == '+' ? ' ' : c;
  Result<std::string> decoded = percent_decode(text);
  if (!decoded) return std::nullopt;
  return *std::move(decoded);
}

}  // namespace

bool is_basic(std::string_view authorization) {
  return after_scheme(authorization, "Basic").has_value();
}

std::optional<NameAndSecret> basic_credentials(std::string_view authorization) {
  const std::optional<std::string_view> encoded = after_scheme(authorization, "Basic");
  if (!encoded) return std::nullopt;
  const Result<std::string> pair = from_base64(*encoded);
  if (!pair || !is_utf8(*pair)) return std::nullopt;
  const std::size_t colon = pair->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return NameAndSecret{pair->substr(0, colon), pair->substr(colon + 1)};
}

std::optional<NameAndSecret> client_credentials_of(std::string_view authorization) {
  const std::optional<NameAndSecret> encoded = basic_credentials(authorization);
  if (!encoded) return std::nullopt;
  std::optional<std::string> name = form_decode(encoded->name);
  std::optional<std::string> secret = form_decode(encoded->secret);
  if (!name || !secret) return std::nullopt;
  return NameAndSecret{*std::move(name), *std::move(secret)};
}

std::optional<std::string> bearer_token(std::string_view authorization) {
  std::optional<AccessToken> token = access_token_of(authorization);
  if (!token || token->scheme != TokenScheme::bearer) return std::nullopt;
  return std::move(token->text);
}

std::optional<AccessToken> access_token_of(std::string_view authorization) {
  TokenScheme scheme = TokenScheme::bearer;
  std::optional<std::string_view> token = after_scheme(authorization, "Bearer");
  if (!token) {
    scheme = TokenScheme::dpop;
    token = after_scheme(authorization, "DPoP");
  }
  if (!token || !is_token68(*token)) return std::nullopt;
  return AccessToken{scheme, std::string(*token)};
}

}  // namespace gatehouse::keymanager
