// SPDX-License-Identifier: Apache-2.0
#include "keymanager/access_claims.h"

#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

// Of a token without scopes: WSO2's word for none.
constexpr std::string_view no_scope = "default";

std::int64_t seconds_of(Instant instant) { return to_ms(instant) / 1000; }

}  // namespace

json::object to_json(const AccessClaims& claims) {
  const bool of_user = !claims.user_id.empty();
  json::object object{
      {"iss", claims.issuer},
      {"sub", of_user ? claims.user_id : claims.client_id},
      {"aud", claims.client_id},
      {"azp", claims.client_id},
      {"client_id", claims.client_id},
      {"aut", of_user ? "APPLICATION_USER" : "APPLICATION"},
      {"scope", claims.scopes.empty() ? std::string(no_scope) : join(claims.scopes, " ")},
      {"jti", claims.jti},
      {"family", claims.family},
      {"iat", seconds_of(claims.issued_at)},
      {"nbf", seconds_of(claims.issued_at)},
      {"exp", seconds_of(claims.expires_at)}};
  for (auto& [name, value] : to_json(claims.details)) object[name] = std::move(value);
  if (claims.details.audiences.size() == 1) object["aud"] = claims.details.audiences.front();
  if (of_user) object["username"] = claims.user;
  if (!claims.key_type.empty()) object["keytype"] = claims.key_type;
  return object;
}

AccessClaims access_claims_from(const json::object& object) {
  AccessClaims claims;
  claims.issuer = text_or(object, "iss", "");
  claims.jti = text_or(object, "jti", "");
  claims.family = text_or(object, "family", "");
  claims.client_id = text_or(object, "client_id", "");
  if (const std::string subject = text_or(object, "sub", ""); subject != claims.client_id) {
    claims.user_id = subject;
  }
  claims.user = text_or(object, "username", "");
  claims.key_type = text_or(object, "keytype", "");
  claims.scopes = split_words(text_or(object, "scope", ""));
  std::erase(claims.scopes, no_scope);
  claims.details = token_details_from(object);
  const std::string audience = text_or(object, "aud", "");
  if (!audience.empty() && audience != claims.client_id) claims.details.audiences = {audience};
  return claims;
}

}  // namespace gatehouse::keymanager
