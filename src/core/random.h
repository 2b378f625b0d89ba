// SPDX-License-Identifier: Apache-2.0
//
// Chance, passed in by the constructor so that tests repeat.
//
// Thread:  SystemRandom is used from any thread; SeededRandom from one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace gatehouse {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> bytes) = 0;

  std::uint64_t number();
  // `size` random bytes as a string of bytes.
  std::string bytes(std::size_t size);
};

// The operating system's generator through OpenSSL; good for keys.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> bytes) override;
};

// Repeats for a seed (xorshift64*); for tests and simulation only.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed != 0 ? seed : zero_stands_for) {}
  void fill(std::span<std::byte> bytes) override;

 private:
  // A state of zero would stay zero.
  static constexpr std::uint64_t zero_stands_for = 0x9E3779B97F4A7C15ULL;

  std::uint64_t state_;
};

}  // namespace gatehouse
