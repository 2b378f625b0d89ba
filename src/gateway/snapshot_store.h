// SPDX-License-Identifier: Apache-2.0
//
// The gateway's knowledge on its own disk, so that it starts and serves with nobody else alive.
//
// A base file holds a whole snapshot, its journal what came after, both as lines of the feed's JSON
// behind the CRC-32 of the line. Loading takes the newest base that is whole and its journal up to
// the first line that is not; an older base with its own journal stands in for a broken one. The
// last three bases are kept.
//
//   base-<number>.jsonl     one line per thing, then {"end":…} with the counts
//   journal-<number>.jsonl  one line per range or revocation
//
// Thread:  one; it blocks on the disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "gateway/snapshot.h"

namespace gatehouse::gateway {

class SnapshotStore {
 public:
  static constexpr std::size_t bases_kept = 3;

  // `folder` is made if it is missing.
  explicit SnapshotStore(std::string folder);
  ~SnapshotStore();
  SnapshotStore(const SnapshotStore&) = delete;
  SnapshotStore& operator=(const SnapshotStore&) = delete;

  struct Loaded {
    std::shared_ptr<const Snapshot> snapshot;  // null: there is none
    std::vector<model::Revocation> revocations;
  };
  // `empty`: what the loaded snapshot grows from. Never fails: what cannot be read is logged.
  Loaded load(const Snapshot& empty);

  // Written to the journal, not synced yet. After a failed write nothing is appended until the next
  // base, because a journal with a gap would lie.
  void append(const model::FeedRange& range);
  void append(const model::Revocation& revocation);
  // Begins a new base and journal. `revocations`: those whose tokens still live.
  // Error: unavailable; the files before stay as they are.
  Result<> write_base(const Snapshot& snapshot, const std::vector<model::Revocation>& revocations);
  // What was appended is on the disk.
  void sync();
  // The journal is larger than its base: time for another one.
  bool wants_base() const;

 private:
  void append_line(const json::object& object);
  Result<> open_journal(std::uint64_t base);
  void remove_old_bases();
  std::string path(const char* kind, std::uint64_t number) const;

  const std::string folder_;
  int journal_ = -1;
  std::uint64_t base_ = 0;  // the number of the base in force; given anew to each
  std::size_t base_bytes_ = 0;
  std::size_t journal_bytes_ = 0;
  bool dirty_ = false;
};

}  // namespace gatehouse::gateway
