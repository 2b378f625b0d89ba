// SPDX-License-Identifier: Apache-2.0
//
// The reservations of limits, in a log that the bus keeps: durable before the grants leave, read by
// the next owner. It fences: once another owner has begun, an append of this one is refused.
//
// Shape:   docs/limits.md draws the records: reservations of 40 bytes, any number of them. One of
//          key 0 at the end says that the owner stopped cleanly.
// Thread:  one; each call blocks, as the keep does.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bus/keep.h"
#include "limits/coordinator.h"

namespace gatehouse::traffic {

class Journal {
 public:
  struct Contents {
    std::vector<limits::Reservation> reservations;
    bool crashed = false;  // there was a former owner, and it did not stop cleanly
  };

  explicit Journal(bus::Keep& keep) : keep_(keep) {}
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // What the former owners left. Error: unavailable.
  Result<Contents> load();
  // Begins anew with these reservations; done before the first append, which ends every other
  // owner, and when the log has grown. Error: as append.
  Result<> rewrite(std::span<const limits::Reservation> reservations);
  // Durable when it returns. Error: conflict, when another owner has begun; unavailable.
  Result<> append(std::span<const limits::Reservation> reservations);
  // After the last append of a clean stop.
  Result<> close_cleanly(std::span<const limits::Reservation> granted);

  // Whether it is time to rewrite it.
  bool is_long() const;

 private:
  bus::Keep& keep_;
  std::uint64_t last_ = 0;      // number of the last record
  std::size_t records_ = 0;     // since the last rewrite
  std::size_t bytes_ = 0;       // the same
  std::size_t base_bytes_ = 0;  // that it has written
};

}  // namespace gatehouse::traffic
