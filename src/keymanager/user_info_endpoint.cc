// SPDX-License-Identifier: Apache-2.0
#include "keymanager/user_info_endpoint.h"

#include <algorithm>

#include "keymanager/basic.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

http::Response UserInfoEndpoint::handle(const http::Request& request) {
  const std::optional<std::string> token =
      bearer_token(request.headers.value_or("Authorization", ""));
  if (!token || request.headers.count("Authorization") != 1) {
    http::Response response =
        oauth_response(refuse(invalid_token, "Send the access token as a Bearer token").value());
    response.headers.set("WWW-Authenticate", R"(Bearer realm="gatehouse")");
    return response;
  }
  const Result<json::object> claims = claims_of(*token);
  return claims ? oauth_answer(*claims) : oauth_response(claims.error());
}

Result<json::object> UserInfoEndpoint::claims_of(const std::string& token) {
  GH_TRY(validation, validator_.validate_one(token));
  if (!validation.active || validation.user_id.empty()) {
    return refuse(invalid_token, "The access token does not hold, or belongs to no user");
  }
  const auto has = [&](std::string_view scope) {
    return std::find(validation.scopes.begin(), validation.scopes.end(), scope) !=
           validation.scopes.end();
  };
  if (!has("openid")) return refuse(insufficient_scope, "The scope openid is needed");
  GH_TRY(account, directory_.by_id(validation.tenant, validation.user_id));
  json::object claims{{"sub", account.user.id}};
  if (has("profile")) claims["preferred_username"] = account.user.name;
  if (has("email") && !account.user.email.empty()) claims["email"] = account.user.email;
  return claims;
}

}  // namespace gatehouse::keymanager
