// SPDX-License-Identifier: Apache-2.0
//
// Sessions of nodes that ask the key manager: a cookie that says which node was let in and until
// when, under a key of ours, so that any key manager with the same key believes it without a
// look-up, and no balancer needs to send a node to the same one.
//
// Thread:  immutable; any.
// Shape:   "v1.<node>.<expires>.<key version>.<tag>": expires in seconds since the epoch; the key
//          version is 16 hexadecimal digits; the tag is base64url of HMAC-SHA256 over what precedes
//          its dot. A node's name may have dots of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace gatehouse::keymanager {

class NodeSessions {
 public:
  static constexpr std::chrono::seconds lifetime{3600};

  // `keys`: 32 secret bytes each, at least one. The first one makes sessions, each is believed.
  NodeSessions(const std::vector<std::string>& keys, const Clock& clock);

  std::string make(std::string_view node) const;
  // The node; nothing when the session has expired, was forged or is of another key.
  std::optional<std::string> check(std::string_view session) const;

 private:
  struct Key {
    std::string version;
    std::string bytes;
  };

  static std::string tag(const Key& key, std::string_view text);

  std::vector<Key> keys_;
  const Clock& clock_;
};

}  // namespace gatehouse::keymanager
