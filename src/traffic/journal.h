// SPDX-License-Identifier: Apache-2.0
//
// The reservations of limits on disk: appended and synced before the grants leave, read at start.
//
// Shape:   records of 48 bytes, drawn in docs/limits.md: key, window, span, permits, CRC-32, zero.
// A
//          record of key 0 at the end says that the owner stopped cleanly. What follows a broken
//          record was never acknowledged and is dropped.
// Thread:  one; append blocks for a sync of the disk.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "limits/coordinator.h"

namespace gatehouse::traffic {

class Journal {
 public:
  struct Contents {
    std::vector<limits::Reservation> reservations;
    bool crashed = false;  // there was a former run, and it did not stop cleanly
  };

  explicit Journal(std::string file) : file_(std::move(file)) {}
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // What the former run left; an absent file is empty. Error: unavailable.
  Result<Contents> load();
  // Begins the file anew with these records; done before the first append and when it has grown.
  Result<> rewrite(std::span<const limits::Reservation> reservations);
  // Durable when it returns. Error: unavailable: the reservations do not count.
  Result<> append(std::span<const limits::Reservation> reservations);
  // After the last append of a clean stop.
  Result<> close_cleanly(std::span<const limits::Reservation> granted);

  std::size_t size() const { return size_; }

 private:
  Result<> write(int descriptor, const std::string& bytes);

  const std::string file_;
  int descriptor_ = -1;
  std::size_t size_ = 0;
};

}  // namespace gatehouse::traffic
