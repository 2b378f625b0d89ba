// SPDX-License-Identifier: Apache-2.0
//
// Reads who else may vouch for users of a tenant, and believes their JSON tokens: the assertions of
// the JWT bearer grant, and foreign subject tokens of a token exchange. For SAML assertions it says
// what they must be (keymanager/saml_assertion.h).
//
// Thread:  pool threads.
// Cost:    one read, one verification; with Uses::once one durable write. Keys that are fetched are
//          remembered (keymanager/client_keys.h).
// Source:  RFC 7521 section 5.2, RFC 7523 section 3.
#pragma once

#include <optional>
#include <string>

#include "keymanager/client_keys.h"
#include "keymanager/directory.h"
#include "keymanager/saml_assertion.h"
#include "keymanager/used_proofs.h"
#include "storage/apis/trusted_issuer_store.h"

namespace gatehouse::keymanager {

// What an issuer says, once it is believed.
struct Vouched {
  std::string subject;  // the user's name in the tenant
  json::object claims;
  Instant expires_at{};
};

class TrustedIssuers {
 public:
  enum class Uses : std::uint8_t { once, many };

  TrustedIssuers(const Resources& resources, const Options& options, ClientKeys& keys,
                 UsedProofs& used);

  Result<std::optional<storage::TrustedIssuer>> find(model::TenantNumber tenant,
                                                     const std::string& issuer) const;

  // Believes `token` when an issuer of the tenant has signed it for this server (our issuer, or the
  // URL of the token endpoint, in `aud`), it is alive, and, with Uses::once, it comes for the first
  // time. Error: unauthenticated, whatever is wrong, and `detail` says what; unavailable, when too
  // many servers of keys keep us waiting.
  Result<Vouched> believe(model::TenantNumber tenant, std::string_view token, Uses uses);

  // What a SAML assertion of this issuer must be. Error: unauthenticated, when the tenant does not
  // trust it.
  Result<SamlExpected> saml_expectation(model::TenantNumber tenant,
                                        const std::string& issuer) const;

  // Error: unauthenticated, when the proof came before, or lives too long to be remembered.
  Result<> use_once(const ProofId& proof);

 private:
  storage::Database& apis_;
  const Clock& clock_;
  ClientKeys& keys_;
  UsedProofs& used_;
  const std::string issuer_;
  const std::string token_url_;
};

// The user whom a name means in a tenant, active. Error: unauthenticated.
Result<Account> vouched_user(const Directory& directory, model::TenantNumber tenant,
                             const std::string& name);

}  // namespace gatehouse::keymanager
