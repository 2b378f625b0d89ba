// SPDX-License-Identifier: Apache-2.0
#include "keymanager/trusted_issuers.h"

#include "jose/claims.h"
#include "jose/jwt.h"
#include "keymanager/client_assertion.h"

namespace gatehouse::keymanager {

namespace {

tl::unexpected<Error> not_believed(std::string detail) {
  return fail(ErrorCode::unauthenticated, "The assertion does not hold", std::move(detail));
}

}  // namespace

TrustedIssuers::TrustedIssuers(const Resources& resources, const Options& options, ClientKeys& keys,
                               UsedProofs& used)
    : apis_(resources.apis),
      clock_(resources.clock),
      keys_(keys),
      used_(used),
      issuer_(options.issuer),
      token_url_(options.base_url + "/oauth2/token") {}

Result<std::optional<storage::TrustedIssuer>> TrustedIssuers::find(
    model::TenantNumber tenant, const std::string& issuer) const {
  return apis_.read([&](storage::Transaction& transaction) {
    return storage::TrustedIssuerStore(transaction, tenant).find(issuer);
  });
}

Result<Vouched> TrustedIssuers::believe(model::TenantNumber tenant, std::string_view token,
                                        Uses uses) {
  const Result<json::object> said = jose::unverified_claims(token);
  if (!said) return not_believed(said.error().detail);
  const std::string name = text_or(*said, "iss", "");
  GH_TRY(issuer, find(tenant, name));
  if (!issuer) return not_believed("nobody vouches as " + name);
  const Result<jose::KeyName> key = jose::unverified_key_name(token);
  if (!key) return not_believed(key.error().detail);
  const auto keys = keys_.find(issuer->document, [&](const ClientKeySet& set) {
    return set.keys.find(key->kid, key->algorithm) != nullptr;
  });
  if (!keys && keys.error().code == ErrorCode::unavailable) {
    return tl::unexpected<Error>(keys.error());
  }
  if (!keys) return not_believed(keys.error().detail);
  Result<jose::Jwt> jwt = jose::verify(token, (*keys)->keys);
  if (!jwt) return not_believed(jwt.error().detail);
  const Instant now = clock_.now();
  const Result<jose::Lifetime> lifetime = jose::check_claims(
      jwt->claims, {.issuer = issuer->issuer, .now = now, .leeway = assertion_leeway});
  if (!lifetime) return not_believed(lifetime.error().message + ' ' + lifetime.error().detail);
  const bool for_us =
      jose::names_audience(jwt->claims, issuer_) || jose::names_audience(jwt->claims, token_url_);
  if (!for_us) return not_believed("another audience");
  Vouched vouched{text_or(jwt->claims, text_or(issuer->document, "subject", "sub"), ""),
                  std::move(jwt->claims), lifetime->expires_at};
  if (vouched.subject.empty()) return not_believed("no subject");
  if (uses == Uses::many) return vouched;
  // Without an id it is the assertion itself that counts.
  const std::string jti = text_or(vouched.claims, "jti", "");
  GH_CHECK(use_once({.tenant = tenant,
                     .purpose = jti.empty() ? "assertion" : "assertion_id",
                     .owner = issuer->issuer,
                     .jti = jti.empty() ? token : std::string_view(jti),
                     .expires_at = vouched.expires_at}));
  return vouched;
}

Result<SamlExpected> TrustedIssuers::saml_expectation(model::TenantNumber tenant,
                                                      const std::string& issuer) const {
  GH_TRY(trusted, find(tenant, issuer));
  if (!trusted) return not_believed("nobody vouches as " + issuer);
  SamlExpected expected{.issuer = issuer,
                        .keys = {},
                        .audiences = {issuer_, token_url_},
                        .recipient = token_url_,
                        .now = clock_.now(),
                        .leeway = assertion_leeway};
  for (const std::string& text : texts_of(trusted->document, "certificates")) {
    Result<jose::PublicKey> key = jose::PublicKey::from_certificate(text);
    if (key) expected.keys.push_back(*std::move(key));
  }
  return expected;
}

Result<> TrustedIssuers::use_once(const ProofId& proof) {
  if (proof.expires_at > clock_.now() + assertion_age_max + assertion_leeway) {
    return not_believed("its end is too far away");
  }
  ProofId kept = proof;
  kept.expires_at += assertion_leeway;
  GH_TRY(first, used_.use(kept));
  if (!first) return not_believed("used before");
  return {};
}

Result<Account> vouched_user(const Directory& directory, model::TenantNumber tenant,
                             const std::string& name) {
  Result<Account> account = directory.by_name(name);
  if (account && account->tenant == tenant && account->active()) return account;
  if (!account && account.error().code != ErrorCode::not_found) return account;
  return not_believed("no such user: " + name);
}

}  // namespace gatehouse::keymanager
