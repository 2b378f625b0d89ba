// SPDX-License-Identifier: Apache-2.0
#include "gateway/snapshot_digest.h"

#include "core/digest.h"
#include "core/text.h"

namespace gatehouse::gateway {

SnapshotDigest digest_of(const Snapshot& snapshot) {
  SnapshotDigest digest;
  Sha256 together{};
  snapshot.for_each([&](std::string_view kind, const std::string& id, json::object value) {
    ++digest.counts[std::string(kind)];
    const Sha256 one = sha256(fmt::format("{}\n{}\n{}", kind, id, json::serialize(value)));
    for (std::size_t i = 0; i < one.size(); ++i) together[i] ^= one[i];
    return true;
  });
  digest.sha256 = to_hex(to_bytes(together));
  return digest;
}

}  // namespace gatehouse::gateway
