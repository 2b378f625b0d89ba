// SPDX-License-Identifier: Apache-2.0
//
// Makes tokens for what a grant has decided. Opaque access tokens and all refresh tokens are stored
// by their hash; an access token in the form of a JWT is stored nowhere.
//
// Thread:  pool threads.
// Cost:    one durable write; for a JWT without a refresh token one signature and no access to a
//          database, once the choice of the tenant is known (token_algorithms.h).
// Source:  RFC 6749 section 5.1; RFC 9068 (the claims of a JWT access token); OpenID Connect Core
//          1.0, section 3.1.3.3 (id_token).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "keymanager/id_tokens.h"
#include "keymanager/revocations.h"
#include "keymanager/sign_on.h"
#include "keymanager/signing_keys.h"
#include "storage/apis/token_store.h"

namespace gatehouse::keymanager {

enum class WithRefresh : std::uint8_t { no, yes };

// What somebody may have.
struct Entitlement {
  storage::Client client;
  std::string user_id{};  // empty: the application itself
  std::string user{};     // name
  std::vector<std::string> scopes{};
  std::string grant_type{};
  WithRefresh refresh = WithRefresh::no;
  std::optional<std::int64_t> seconds{};  // instead of the client's
  // When what it follows from began to be read; empty: now. Tokens are issued at this instant, so
  // that a revocation that came while they were made covers them.
  std::optional<Instant> as_of{};
  // The refresh token that this uses up; the family goes on, and so do its scopes.
  std::optional<storage::StoredToken> replaces{};
  // Of the tokens, when what was earned names one already; empty: a fresh one.
  std::string family{};
  // Uses up what the tokens were earned with, in the transaction that stores them. False: it was
  // used before, so its family is revoked and nothing is issued.
  std::function<Result<bool>(storage::Transaction&, Instant now)> redeem{};
  // Stored with the tokens and handed on by refresh tokens. An ID token is made of its
  // `sign_on` when the scopes have openid.
  TokenDetails details{};
  std::string code{};  // for the ID token: the authorization code that this is the answer to
  // RFC 8693, section 2.2.1; empty: the answer does not say.
  std::string issued_token_type{};
};

struct IssuedTokens {
  std::string access_token;
  std::string refresh_token;  // may be empty
  std::string id_token;       // may be empty
  std::string token_type = "Bearer";
  std::string issued_token_type;  // may be empty
  std::vector<std::string> scopes;
  std::int64_t expires_in = 0;

  // The scopes between spaces; "default" when there is none.
  std::string scope_text() const;
  json::object to_json() const;
};

class TokenIssuer {
 public:
  TokenIssuer(const Resources& resources, const SigningKeys& keys, TokenAlgorithms& algorithms,
              Revocations& revocations, std::string issuer);

  // Error: invalid_grant, when the refresh token or the code was used before (its family is revoked
  // then) or
  //        taken back; unauthorized_client, when the client has gone meanwhile.
  Result<IssuedTokens> issue(const Entitlement& entitlement);

  // For Entitlement::as_of.
  Instant now() const { return clock_.now(); }

 private:
  struct Batch;

  Result<std::string> make_jwt(const Entitlement& entitlement, const storage::StoredToken& token);
  Result<std::string> make_id_token(const Entitlement& entitlement,
                                    const std::string& access_token) const;
  Result<> store(const Entitlement& entitlement, const Batch& batch);

  storage::Database& apis_;
  const Clock& clock_;
  Random& random_;
  const SigningKeys& keys_;
  TokenAlgorithms& algorithms_;
  Revocations& revocations_;
  const std::string issuer_;
  const IdTokens id_tokens_;
};

}  // namespace gatehouse::keymanager
