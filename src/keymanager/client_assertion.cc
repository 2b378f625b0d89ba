// SPDX-License-Identifier: Apache-2.0
#include "keymanager/client_assertion.h"

#include "jose/claims.h"
#include "keymanager/client_metadata.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

namespace {

tl::unexpected<Error> not_valid(std::string detail) {
  return refuse(invalid_client, "The client assertion does not hold", std::move(detail));
}

}  // namespace

ClientAssertion::ClientAssertion(const Resources& resources, const Options& options,
                                 ClientKeys& keys, UsedProofs& used)
    : clock_(resources.clock),
      keys_(keys),
      used_(used),
      issuer_(options.issuer),
      base_url_(options.base_url) {}

Result<std::string> ClientAssertion::subject_of(std::string_view assertion) {
  const Result<json::object> claims = jose::unverified_claims(assertion);
  if (!claims) return not_valid(claims.error().detail);
  std::string subject = text_or(*claims, "sub", "");
  if (subject.empty()) return not_valid("no sub");
  return subject;
}

Result<jose::Jwt> ClientAssertion::verify(std::string_view assertion,
                                          const storage::Client& client) {
  const Result<jose::KeyName> name = jose::unverified_key_name(assertion);
  if (!name) return not_valid(name.error().detail);
  const std::optional<jose::Algorithm> registered =
      algorithm_of(client, "token_endpoint_auth_signing_alg");
  if (registered && *registered != name->algorithm) return not_valid("another algorithm");
  const auto keys = keys_.find(client, [&](const ClientKeySet& set) {
    return set.keys.find(name->kid, name->algorithm) != nullptr;
  });
  if (!keys && keys.error().code == ErrorCode::unavailable)
    return tl::unexpected<Error>(keys.error());
  if (!keys) return not_valid(keys.error().detail);
  Result<jose::Jwt> jwt = jose::verify(assertion, (*keys)->keys);
  if (!jwt) return not_valid(jwt.error().detail);
  return jwt;
}

Result<> ClientAssertion::check(std::string_view assertion, const storage::Client& client,
                                std::string_view path) {
  GH_TRY(jwt, verify(assertion, client));
  const json::object& claims = jwt.claims;
  if (text_or(claims, "sub", "") != client.client_id) return not_valid("another sub");
  const Instant now = clock_.now();
  const Result<jose::Lifetime> lifetime = jose::check_claims(
      claims, {.issuer = client.client_id, .now = now, .leeway = assertion_leeway});
  if (!lifetime) return not_valid(lifetime.error().message + ' ' + lifetime.error().detail);
  const bool for_us = jose::names_audience(claims, issuer_) ||
                      jose::names_audience(claims, base_url_ + std::string(path)) ||
                      jose::names_audience(claims, base_url_ + "/oauth2/token");
  if (!for_us) return not_valid("another audience");
  if (lifetime->expires_at > now + assertion_age_max + assertion_leeway) {
    return not_valid("exp is too far away");
  }
  const std::string jti = text_or(claims, "jti", "");
  if (jti.empty()) return not_valid("no jti");
  GH_TRY(first, used_.use({.tenant = client.tenant,
                           .purpose = "client_assertion",
                           .owner = client.client_id,
                           .jti = jti,
                           .expires_at = lifetime->expires_at + assertion_leeway}));
  if (!first) return not_valid("used before");
  return {};
}

}  // namespace gatehouse::keymanager
