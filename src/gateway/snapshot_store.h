// SPDX-License-Identifier: Apache-2.0
//
// The gateway's knowledge on its own disk, so that it starts and serves with nobody else alive.
//
// A base file holds a whole snapshot, its journal what came after, both as lines of the feed's JSON
// behind the CRC-32 of the line. A base is written in the background while its journal is begun, so
// loading takes the newest base that is whole, and the journals from its own on, up to the first
// line that is not whole or does not go on where the one before ended. A damaged base is set aside;
// the one before stands in for it, with its longer row of journals, and nothing is lost. The last
// three bases are kept, and what was set aside of as many.
//
//   base-<number>.jsonl     one line per thing, then {"end":…} with the counts, and how many kinds
//                           of things the version knew that wrote it
//   journal-<number>.jsonl  one line per range or revocation
//   base-<number>.damaged   what could not be read
//
// Thread:  one, which blocks on the disk; bases are written on a thread of the store's own.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
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
    // Written by a version that knew other kinds of things, and so left some out.
    bool other_kinds = false;
  };
  // `empty`: what the loaded snapshot grows from. Never fails: what cannot be read is logged. Once,
  // before anything is written; a journal that is whole goes on.
  Loaded load(const Snapshot& empty);

  // Written to the journal, not synced yet. After a failed write nothing is appended until the next
  // base, because a journal with a gap would lie.
  void append(const model::FeedRange& range);
  void append(const model::Revocation& revocation);
  // Begins a base and its journal; what is appended from now on comes after `snapshot`. A base that
  // is still being written is given up. `revocations`: those whose tokens still live.
  // Error: unavailable, when there can be no journal; the files before stay as they are.
  Result<> begin_base(std::shared_ptr<const Snapshot> snapshot,
                      std::vector<model::Revocation> revocations);
  // Error: unavailable, once, when a base could not be written; wants_base() then.
  Result<> settle();
  // The same once no base is being written any more.
  Result<> finish_base();
  // What was appended is on the disk.
  void sync();
  // What was appended since the last base is larger than that: time for another one.
  bool wants_base() const;

 private:
  struct Base;
  struct Writing;

  std::optional<Base> read_base(std::uint64_t number, const Snapshot& empty);
  // True when all of it was taken.
  bool read_journal(std::uint64_t number, Loaded& loaded);
  void read_journals(std::uint64_t base, Loaded& loaded);
  void set_aside(std::uint64_t base);
  void append_line(const json::object& object);
  Result<> open_journal(std::uint64_t base, int flags);
  void write(Writing& writing) const;
  void give_up_base();
  void remove_old_files() const;
  std::string path(const char* kind, std::uint64_t number) const;

  const std::string folder_;
  int journal_ = -1;
  std::uint64_t newest_ = 0;  // number of a base or journal; each gets another one
  std::size_t base_bytes_ = 0;
  std::size_t journal_bytes_ = 0;
  bool dirty_ = false;
  bool failed_ = false;               // the last base could not be written
  std::unique_ptr<Writing> writing_;  // a base; null: none
};

}  // namespace gatehouse::gateway
