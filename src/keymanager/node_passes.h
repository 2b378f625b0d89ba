// SPDX-License-Identifier: Apache-2.0
//
// What says which node its bearer is, what it may read and until when, under a key of ours: whoever
// has the key believes it, without a look-up and without a list of nodes. There are two kinds, each
// under keys of its own:
//
//   credential   for months; a node keeps it in a file and shows it as the secret of Basic
//   session      for an hour; a credential earns it, and it is shown as a cookie
//
// Thread:  immutable; any.
// Shape:   "v1.<node>.<serial>.<environments>.<expires>.<key version>.<tag>": environments are
//          base64url of their names, a line each; expires in seconds since the epoch; the key
//          version is 16 hexadecimal digits; the tag is base64url of HMAC-SHA256 over what precedes
//          its dot. A node's name may have dots of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "http/message.h"

namespace gatehouse::keymanager {

struct NodePass {
  http::KnownNode node;
  std::uint64_t serial = 0;  // passes below what counts for the node are revoked
  Instant expires{};
};

class NodePasses {
 public:
  static constexpr std::size_t bytes_max = 3072;  // two of them fit in the head of a request
  // Of a node that makes its own pass: whoever has the key cannot be shut out by a list.
  static constexpr std::uint64_t own_serial = std::uint64_t{1} << 62;

  // `keys`: 32 secret bytes each, at least one. The first one makes passes, each is believed.
  NodePasses(const std::vector<std::string>& keys, const Clock& clock);

  // Error: invalid_argument, for a name or environments that no pass can carry.
  Result<std::string> make(const NodePass& pass) const;
  // Error: unauthenticated, when it has expired, was forged or is of another key; the detail says
  // which.
  Result<NodePass> check(std::string_view text) const;

  // What a pass says, which is the truth only if check() says so, too.
  // Error: unauthenticated, when it is none.
  static Result<NodePass> read(std::string_view text);

 private:
  struct Key {
    std::string version;
    std::string bytes;
  };

  static std::string tag(const Key& key, std::string_view text);
  Result<> check_tag(std::string_view key_version, std::string_view text,
                     std::string_view given) const;

  std::vector<Key> keys_;
  const Clock& clock_;
};

}  // namespace gatehouse::keymanager
