// SPDX-License-Identifier: Apache-2.0
//
// Closes secrets before they are stored: AES-256-GCM under keys derived from the cluster key.
// Several cluster keys may be loaded: the first one seals, each opens, so one can be replaced.
//
// Thread:  immutable; any.
// Shape:   version (1 byte, 1) ‖ key id (4) ‖ nonce (12) ‖ ciphertext ‖ tag (16).
// Source:  NIST SP 800-38D; RFC 5869.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/random.h"

namespace gatehouse::jose {

class Sealer {
 public:
  // `cluster_keys`: 32 random bytes each, the current one first, at least one.
  explicit Sealer(const std::vector<std::string>& cluster_keys);

  // `context` names the place of the secret (such as its row); opening needs the same, so a sealed
  // value cannot be moved to another place.
  std::string seal(std::string_view secret, std::string_view context, Random& random) const;
  // Error: internal, when no loaded key opens it, or it was changed or moved.
  Result<std::string> open(std::string_view sealed, std::string_view context) const;

 private:
  struct SealKey {
    std::string id;
    std::string bytes;
  };

  std::vector<SealKey> keys_;
};

}  // namespace gatehouse::jose
