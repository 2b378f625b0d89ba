// SPDX-License-Identifier: Apache-2.0
//
// The two clocks that the program reads: the wall, for what people and other machines see, and a
// monotonic one, for every duration and deadline.
//
// Thread:  a clock is read from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace gatehouse {

// Wall time to the millisecond, as it stands in tables, tokens and JSON.
using Instant = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

// Monotonic time: never goes back, means nothing on another machine.
using Tick = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual Tick tick() const = 0;
};

class SystemClock final : public Clock {
 public:
  Instant now() const override;
  Tick tick() const override;
};

// Stands still until told; for tests.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Instant start) : now_(start) {}

  Instant now() const override { return now_; }
  Tick tick() const override { return tick_; }
  void advance(std::chrono::milliseconds by) { now_ += by, tick_ += by; }

 private:
  Instant now_;
  Tick tick_{};
};

// Milliseconds since the Unix epoch, and back: the form of columns and JSON.
inline std::int64_t to_ms(Instant instant) { return instant.time_since_epoch().count(); }
inline Instant from_ms(std::int64_t ms) { return Instant(std::chrono::milliseconds(ms)); }

// "2026-11-23T06:40:00.123Z", RFC 3339.
std::string to_rfc3339(Instant instant);

}  // namespace gatehouse
