// SPDX-License-Identifier: Apache-2.0
//
// The client authentication private_key_jwt: a client proves who it is by a token that it signs
// with a key whose public part it has registered. Each assertion is taken once.
//
// (client_secret_jwt would need the secrets themselves, of which we keep a hash only.)
//
// Thread:  pool threads.
// Cost:    one read, one verification, one durable write; keys may have to be fetched.
// Source:  RFC 7521 section 4.2, RFC 7523 sections 2.2 and 3, OpenID Connect Core 1.0 section 9.
#pragma once

#include <string>
#include <string_view>

#include "jose/jwt.h"
#include "keymanager/client_keys.h"
#include "keymanager/used_proofs.h"
#include "storage/apis/client_store.h"

namespace gatehouse::keymanager {

inline constexpr std::string_view client_assertion_type =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

// Of an assertion that is used once: the longest that it may still be valid.
inline constexpr std::chrono::hours assertion_age_max{1};
// For clocks of others.
inline constexpr std::chrono::seconds assertion_leeway{30};

class ClientAssertion {
 public:
  ClientAssertion(const Resources& resources, const Options& options, ClientKeys& keys,
                  UsedProofs& used);

  // The client id that the assertion speaks for, before anything is believed of it. Error:
  // invalid_client.
  static Result<std::string> subject_of(std::string_view assertion);

  // Whether `assertion` is this client's, for this server (its issuer, or the URL of the endpoint
  // at `path`), alive and fresh. Error: invalid_client; unavailable, as ClientKeys.
  Result<> check(std::string_view assertion, const storage::Client& client, std::string_view path);

 private:
  Result<jose::Jwt> verify(std::string_view assertion, const storage::Client& client);

  const Clock& clock_;
  ClientKeys& keys_;
  UsedProofs& used_;
  const std::string issuer_;
  const std::string base_url_;
};

}  // namespace gatehouse::keymanager
