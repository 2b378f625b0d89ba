// SPDX-License-Identifier: Apache-2.0
//
// The public keys of one issuer (JWKS), found by the kid and algorithm of a token's header.
//
// Thread:  immutable once filled.
// Source:  RFC 7517, section 5.
#pragma once

#include <vector>

#include "jose/key.h"

namespace gatehouse::jose {

inline constexpr std::size_t keys_max = 64;

class KeySet {
 public:
  // Reads {"keys":[…],"any_kid":false}. A key that this program does not support is left out, as
  // RFC 7517 says. Error: invalid_argument, when there is no array `keys`, or more than `keys_max`.
  static Result<KeySet> from_json(const json::object& set);

  void add(PublicKey key) { keys_.push_back(std::move(key)); }

  // Tokens may name the one key as they like: it came without a name of its own (PEM).
  void take_any_kid() { any_kid_ = true; }

  // The key of this kid, if it is for `algorithm`. With an empty kid: the only key for `algorithm`,
  // and none when there are several, because trying them all is left to nobody. Null when none.
  const PublicKey* find(std::string_view kid, Algorithm algorithm) const;

  json::object to_json() const;
  bool empty() const { return keys_.empty(); }

 private:
  std::vector<PublicKey> keys_;
  bool any_kid_ = false;
};

}  // namespace gatehouse::jose
