// SPDX-License-Identifier: Apache-2.0
//
// What the bus keeps: logs in which one writer at a time adds records, and offices that one process
// at a time has, for a term that it renews.
//
// A log fences: who adds a record names the one that it takes for the last. A writer that slept
// while another took over finds its next record refused, whatever its clock says.
//
// Thread:  one at a time. Every call may block, for as long as a disk or a server needs.
// Source:  docs/decisions/nats.md; docs/limits.md has the one log and the one office.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace gatehouse::bus {

struct Kept {
  std::uint64_t number = 0;  // grows, perhaps with gaps
  std::string bytes;

  bool operator==(const Kept&) const = default;
};

class Keep {
 public:
  virtual ~Keep() = default;

  // What the log has, oldest first; nothing, when nobody has begun it. The last one has the number
  // behind which records are added: an empty one, if its content was removed. Error: unavailable.
  virtual Result<std::vector<Kept>> read(std::string_view log) = 0;
  // Adds a record behind the one numbered `after`, 0 in a log without records; returns its number
  // once it is durable.
  // Error: conflict, when another one is the last; unavailable: nobody knows whether it was added.
  virtual Result<std::uint64_t> append(std::string_view log, std::uint64_t after,
                                       std::string bytes) = 0;
  // Records before `number` may go; that one exists. Error: unavailable.
  virtual Result<> forget_before(std::string_view log, std::uint64_t number) = 0;

  // How long an office is held without renewal.
  virtual std::chrono::milliseconds term() const = 0;
  // Takes an office that nobody holds; returns what renew() wants to see.
  // Error: conflict, when somebody holds it; unavailable.
  virtual Result<std::uint64_t> take(std::string_view office) = 0;
  // Holds it for a whole term from now; returns what the next renew() wants to see.
  // Error: conflict, when it is lost; unavailable: nobody knows.
  virtual Result<std::uint64_t> renew(std::string_view office, std::uint64_t held) = 0;
  // Gives it back, so that the next one need not wait. Error: as renew().
  virtual Result<> leave(std::string_view office, std::uint64_t held) = 0;

  // Whether other processes may take what this one holds.
  virtual bool is_shared() const = 0;
};

}  // namespace gatehouse::bus
