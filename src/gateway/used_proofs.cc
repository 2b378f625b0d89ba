// SPDX-License-Identifier: Apache-2.0
#include "gateway/used_proofs.h"

namespace gatehouse::gateway {

bool UsedProofs::use(const Sha256& hash, Tick now) {
  Part& part = parts_.at(std::to_integer<std::size_t>(hash.back()) % parts_count);
  const std::lock_guard lock(part.mutex);
  while (!part.order.empty() && part.order.front().until <= now) {
    part.hashes.erase(part.order.front().hash);
    part.order.pop_front();
  }
  if (part.order.size() >= proofs_max / parts_count) return false;
  if (!part.hashes.insert(hash).second) return false;
  part.order.push_back({now + remembered, hash});
  return true;
}

}  // namespace gatehouse::gateway
