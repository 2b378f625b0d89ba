// SPDX-License-Identifier: Apache-2.0
//
// Nodes of the cluster as far as a table must know them: whose credentials were taken back (the
// rest prove themselves by their signature), and the tokens by which nodes join. They serve all
// tenants.
//
// Thread:  one transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "storage/database.h"

namespace gatehouse::storage {

struct RevokedNode {
  std::string name;
  std::uint64_t serial_min = 0;  // credentials below count no more
};

// What a node that shows a token becomes.
struct JoiningNode {
  std::string name;
  std::vector<std::string> profiles;
  std::vector<std::string> environments;
  std::string seal;  // of who has made the token
};

class NodeStore {
 public:
  static constexpr std::int64_t revoked_max = 100'000;

  explicit NodeStore(Transaction& transaction) : transaction_(transaction) {}

  // The least serial that counts for the node: 0, until it is revoked.
  Result<std::uint64_t> serial_min(std::string_view name) const;
  // All credentials that the node has now, and tokens that would give it one.
  Result<> revoke(std::string_view name);
  Result<std::vector<RevokedNode>> revoked() const;

  // `token_hash`: SHA-256 in hexadecimal.
  Result<> add_token(std::string_view token_hash, const JoiningNode& node, Instant expires_at);
  // Whether use_token would give a node.
  Result<bool> has_token(std::string_view token_hash, Instant now) const;
  // The node that the token is for, once: whoever comes second, at the same moment or later, gets
  // nothing, as with a token that is unknown or has expired.
  Result<std::optional<JoiningNode>> use_token(std::string_view token_hash, Instant now);
  // Tokens that expired before `until`.
  Result<> forget_tokens(Instant until);

 private:
  Transaction& transaction_;
};

}  // namespace gatehouse::storage
