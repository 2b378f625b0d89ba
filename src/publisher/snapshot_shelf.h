// SPDX-License-Identifier: Apache-2.0
//
// Snapshots kept in memory for gateways that come next, and how many are on their way at once.
//
// When a site starts, or a history begins anew, all gateways ask for a snapshot at once. One is
// rendered for all that serve the same environments. It need not be the newest, as a gateway asks
// for the changes behind it.
//
// Thread:  any; one mutex (docs/locks.md), never held while reading or rendering.
// Memory:  snapshots of up to kept_bytes_max, until nobody has asked for kept_max; a copy more for
//          each that is on its way.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/clock.h"

namespace gatehouse::publisher {

// As it was rendered, for some environments.
struct WholeSnapshot {
  std::string tag;
  std::uint64_t number = 0;
  std::shared_ptr<const std::string> lines;  // null: none
};

class SnapshotShelf {
 public:
  static constexpr std::size_t wholes_max = 2;  // rendered or on their way
  static constexpr std::size_t kinds_max = 16;  // of gateways by their environments
  static constexpr std::size_t kept_bytes_max = 512 << 20;
  static constexpr std::chrono::minutes kept_max{1};
  // Nobody says when the last byte of an answer has left, so a snapshot is taken to be on its way
  // for as long as a line of 1 Gbit/s needs for it.
  static constexpr std::size_t bytes_per_ms = 125'000;

  // One of the wholes_max, from asking for a snapshot until it has left.
  class Turn {
   public:
    explicit Turn(SnapshotShelf& shelf);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    bool taken() const { return taken_; }
    void sends(std::size_t bytes) { bytes_ = bytes; }

   private:
    SnapshotShelf& shelf_;
    bool taken_ = false;
    std::size_t bytes_ = 0;
  };

  explicit SnapshotShelf(const Clock& clock) : clock_(clock) {}

  // In the order of names.
  using Environments = std::vector<std::string>;
  WholeSnapshot find(const Environments& environments) const;
  // In the place of the one of these environments, for kept_max from now.
  void keep(const Environments& environments, const WholeSnapshot& whole);
  // Drops what nobody has asked for.
  void tidy();

 private:
  struct Kept {
    WholeSnapshot whole;
    Tick taken_at{};
  };

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::size_t rendering_ = 0;       // guarded by mutex_, as are the next
  std::vector<Tick> on_their_way_;  // until when, by snapshot
  std::map<Environments, Kept> kept_;
};

}  // namespace gatehouse::publisher
