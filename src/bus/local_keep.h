// SPDX-License-Identifier: Apache-2.0
//
// What one process keeps for itself: a synced file for each log, and offices in memory.
//
// Shape:   a log is a sequence of records: number u64, size u32, CRC-32 of number, size and bytes
//          u32, bytes; little endian. What follows a broken record was never acknowledged and goes.
// Thread:  one at a time; append blocks for a sync of the disk.
#pragma once

#include <map>

#include "bus/keep.h"
#include "core/clock.h"

namespace gatehouse::bus {

class LocalKeep final : public Keep {
 public:
  // The log `x` is the file `x.journal` in the folder, which exists when it is read first.
  LocalKeep(std::string folder, const Clock& clock) : folder_(std::move(folder)), clock_(clock) {}
  ~LocalKeep() override;
  LocalKeep(const LocalKeep&) = delete;
  LocalKeep& operator=(const LocalKeep&) = delete;

  Result<std::vector<Kept>> read(std::string_view log) override;
  Result<std::uint64_t> append(std::string_view log, std::uint64_t after,
                               std::string bytes) override;
  Result<> forget_before(std::string_view log, std::uint64_t number) override;

  std::chrono::milliseconds term() const override { return std::chrono::seconds(3); }
  Result<std::uint64_t> take(std::string_view office) override;
  Result<std::uint64_t> renew(std::string_view office, std::uint64_t held) override;
  Result<> leave(std::string_view office, std::uint64_t held) override;
  bool is_shared() const override { return false; }

 private:
  struct Log {
    std::string file;
    int descriptor = -1;
    std::uint64_t last = 0;
  };
  struct Office {
    std::uint64_t held = 0;
    Tick until{};
  };

  Result<Log*> open(std::string_view log);

  const std::string folder_;
  const Clock& clock_;
  std::map<std::string, Log, std::less<>> logs_;
  std::map<std::string, Office, std::less<>> offices_;
};

}  // namespace gatehouse::bus
