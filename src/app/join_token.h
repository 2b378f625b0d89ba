// SPDX-License-Identifier: Apache-2.0
//
// The token by which a new node joins the cluster: a secret for once, of which the cluster keeps
// the SHA-256, and the SHA-256 of the authorities by which the new node knows that it speaks to the
// cluster and to nobody else.
//
// Shape:   "ghj1_" and base64url of 32 random bytes and the 32 bytes of that digest.
// Thread:  plain values.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "core/random.h"
#include "storage/apis/node_store.h"

namespace gatehouse::app {

struct JoinToken {
  static constexpr std::size_t secret_size = 32;

  std::string secret;       // bytes
  std::string authorities;  // SHA-256, as bytes, of the PEM file with them

  static JoinToken make(std::string_view authorities_pem, Random& random);
  // Error: invalid_argument, when it is none.
  static Result<JoinToken> parse(std::string_view text);

  std::string text() const;
};

// Proves that who has the cluster key has made the token for this node: writing a row into the
// database is not enough. `token_hash`: SHA-256 of its secret, in hexadecimal.
std::string seal_of(std::string_view cluster_key, std::string_view token_hash,
                    const storage::JoiningNode& node);

}  // namespace gatehouse::app
