// SPDX-License-Identifier: Apache-2.0
#include "keymanager/user_info_endpoint.h"

#include <algorithm>

#include "keymanager/client_metadata.h"
#include "keymanager/oauth_error.h"
#include "keymanager/user_claims.h"

namespace gatehouse::keymanager {

namespace {

// RFC 9449, section 7.1: which algorithms a proof may have.
constexpr std::string_view dpop_challenge =
    R"(DPoP realm="gatehouse", algs="RS256 PS256 ES256 EdDSA")";

// Both ways of sending a token are named to whoever has sent none.
http::Response no_token() {
  http::Response response =
      oauth_response(refuse(invalid_token, "Send the access token as a Bearer token").value());
  response.headers.set("WWW-Authenticate", R"(Bearer realm="gatehouse")");
  response.headers.add("WWW-Authenticate", std::string(dpop_challenge));
  return response;
}

http::Response refusal(const Error& error, TokenScheme scheme) {
  http::Response response = oauth_response(error);
  const OAuthError& known = oauth_error_of(error);
  const bool of_proof =
      known.number == invalid_dpop_proof.number || known.number == use_dpop_nonce.number;
  if (of_proof) response.status = 401;
  const bool challenges = response.status == 401 || response.status == 403;
  if (challenges && scheme == TokenScheme::dpop) {
    response.headers.set("WWW-Authenticate",
                         fmt::format(R"({}, error="{}")", dpop_challenge, known.name));
  }
  return response;
}

}  // namespace

http::Response UserInfoEndpoint::handle(const http::Request& request) {
  const std::optional<AccessToken> token =
      access_token_of(request.headers.value_or("Authorization", ""));
  if (!token || request.headers.count("Authorization") != 1) return no_token();
  Result<http::Response> told = answer(request, *token);
  http::Response response = told ? *std::move(told) : refusal(told.error(), token->scheme);
  parts_.possession.offer_nonce(response);
  return response;
}

Result<http::Response> UserInfoEndpoint::answer(const http::Request& request,
                                                const AccessToken& token) {
  GH_TRY(validation, validated(request, token));
  GH_TRY(account, parts_.directory.by_id(validation.tenant_of_user(), validation.user_id));
  GH_TRY(profile, parts_.directory.profile(account));
  json::object claims = user_claims(account, profile, validation.scopes);
  GH_TRY(client, apis_.read([&](storage::Transaction& transaction) {
    return storage::ClientStore(transaction).find(validation.client_id);
  }));
  const std::optional<jose::Algorithm> algorithm =
      algorithm_of(client, "userinfo_signed_response_alg");
  if (!algorithm) return oauth_answer(claims);
  claims["iss"] = issuer_;
  claims["aud"] = client.client_id;
  const std::shared_ptr<const KeyRing> ring = parts_.keys.current();
  GH_TRY(text, jose::sign(ring->signer_for(*algorithm), "JWT", claims));
  http::Response response = http::make_response(200, "application/jwt", std::move(text));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

Result<model::Validation> UserInfoEndpoint::validated(const http::Request& request,
                                                      const AccessToken& token) {
  GH_TRY(shown, parts_.possession.shown_by(request, token.text));
  GH_TRY(validation, parts_.validator.validate_one(token.text));
  if (!validation.active || validation.user_id.empty()) {
    return refuse(invalid_token, "The access token does not hold, or belongs to no user");
  }
  // A token in the scheme Bearer is a token without a key, whatever else was sent.
  if (token.scheme == TokenScheme::bearer) shown.key_thumbprint.clear();
  GH_CHECK(Possession::check(shown, validation));
  const std::vector<std::string>& scopes = validation.scopes;
  if (std::find(scopes.begin(), scopes.end(), "openid") == scopes.end()) {
    return refuse(insufficient_scope, "The scope openid is needed");
  }
  return validation;
}

}  // namespace gatehouse::keymanager
