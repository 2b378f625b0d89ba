// SPDX-License-Identifier: Apache-2.0
//
// A token in exchange for another one, to call on with: for fewer scopes, for another audience, or
// with the name of who acts for the user.
//
//   subject_token   an access token of ours (opaque or JWT), an ID token that we made for this
//                   client, or a JWT of an issuer that the tenant trusts; it stands for a user
//   actor_token     the same, of who acts: its user, or the application itself; becomes `act`,
//                   with those before it inside
//
// The new token belongs to the family of an access token of ours, so that they end together, and
// lives no longer than the subject token. A subject token that is bound to a key or a certificate
// is refused: whoever received it does not hold the key. `may_act` of a subject token names who may
// be its actor, and then an actor must be there.
//
// Source:  RFC 8693, sections 2.1, 2.2 and 4.
#pragma once

#include "keymanager/grants/grant.h"
#include "keymanager/scope_policy.h"
#include "keymanager/signing_keys.h"
#include "keymanager/token_validator.h"
#include "keymanager/trusted_issuers.h"

namespace gatehouse::keymanager {

inline constexpr std::string_view token_exchange_type =
    "urn:ietf:params:oauth:grant-type:token-exchange";

class TokenExchangeGrant final : public Grant {
 public:
  struct Parts {
    const Clock& clock;
    const SigningKeys& keys;
    TokenValidator& validator;
    TrustedIssuers& issuers;
    const Directory& directory;
    const ScopePolicy& scopes;
  };
  TokenExchangeGrant(const Parts& parts, std::string issuer)
      : parts_(parts), issuer_(std::move(issuer)) {}

  std::string_view type() const override { return token_exchange_type; }
  // Error: invalid_request, for a token that does not hold or may not be used so (section 2.2.2);
  //        invalid_scope, for a scope that the subject token does not have.
  Result<Entitlement> decide(const Form& form, const storage::Client& client) override;

 private:
  // What a token stands for.
  struct Party {
    std::string client_id{};
    std::string user_id{};  // empty: the application itself
    std::string family{};   // of an access token of ours
    std::vector<std::string> scopes{};
    bool has_scopes = false;  // false: it says nothing of scopes, so they are the user's
    std::vector<std::string> audiences{};
    json::object actor{};
    json::object may_act{};
    model::TenantNumber user_tenant = 0;  // when it is not the client's
    Instant expires_at{};
  };

  Result<Party> party_of(const Form& form, const char* role, const storage::Client& client);
  Result<Party> of_access_token(const std::string& token, const storage::Client& client);
  Result<Party> of_id_token(const std::string& token, const storage::Client& client) const;
  Result<Party> of_foreign_token(const std::string& token, const storage::Client& client);
  Result<json::object> actor_of(const Form& form, const storage::Client& client,
                                const Party& subject);
  Result<std::vector<std::string>> scopes_of(const Form& form, const Party& subject,
                                             const Account& account) const;

  const Parts parts_;
  const std::string issuer_;
};

}  // namespace gatehouse::keymanager
