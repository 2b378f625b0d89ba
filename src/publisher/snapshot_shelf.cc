// SPDX-License-Identifier: Apache-2.0
#include "publisher/snapshot_shelf.h"

namespace gatehouse::publisher {

SnapshotShelf::Turn::Turn(SnapshotShelf& shelf) : shelf_(shelf) {
  const Tick now = shelf_.clock_.tick();
  const std::lock_guard lock(shelf_.mutex_);
  std::erase_if(shelf_.on_their_way_, [now](Tick until) { return until <= now; });
  taken_ = shelf_.rendering_ + shelf_.on_their_way_.size() < wholes_max;
  if (taken_) ++shelf_.rendering_;
}

SnapshotShelf::Turn::~Turn() {
  if (!taken_) return;
  const Tick until = shelf_.clock_.tick() + std::chrono::milliseconds(bytes_ / bytes_per_ms);
  const std::lock_guard lock(shelf_.mutex_);
  --shelf_.rendering_;
  shelf_.on_their_way_.push_back(until);
}

WholeSnapshot SnapshotShelf::find(const Environments& environments) const {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(environments);
  return found == kept_.end() ? WholeSnapshot() : found->second.whole;
}

void SnapshotShelf::keep(const Environments& environments, const WholeSnapshot& whole) {
  const Tick now = clock_.tick();
  const std::lock_guard lock(mutex_);
  kept_.erase(environments);
  std::size_t bytes = whole.lines->size();
  for (const auto& [others, kept] : kept_) bytes += kept.whole.lines->size();
  if (bytes <= kept_bytes_max && kept_.size() < kinds_max) kept_[environments] = {whole, now};
}

void SnapshotShelf::tidy() {
  const Tick now = clock_.tick();
  const std::lock_guard lock(mutex_);
  std::erase_if(kept_, [now](const auto& each) { return now - each.second.taken_at > kept_max; });
}

}  // namespace gatehouse::publisher
