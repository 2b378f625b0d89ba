// SPDX-License-Identifier: Apache-2.0
//
// What a snapshot holds, in a few words: two gateways of the same environments that stand at one
// number have the same.
//
// Thread:  any; takes some microseconds for each thing.
#pragma once

#include <map>
#include <string>

#include "gateway/snapshot.h"

namespace gatehouse::gateway {

struct SnapshotDigest {
  // 64 hexadecimal digits: the SHA-256 of each thing's line of the feed, together by exclusive or,
  // so that the order does not matter.
  std::string sha256;
  std::map<std::string, std::size_t, std::less<>> counts;  // by kind
};

SnapshotDigest digest_of(const Snapshot& snapshot);

}  // namespace gatehouse::gateway
