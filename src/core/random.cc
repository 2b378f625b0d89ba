// SPDX-License-Identifier: Apache-2.0
#include "core/random.h"

#include <openssl/rand.h>

#include "core/error.h"

namespace gatehouse {

std::uint64_t Random::number() {
  std::uint64_t number = 0;
  fill(std::as_writable_bytes(std::span(&number, 1)));
  return number;
}

std::string Random::bytes(std::size_t size) {
  std::string bytes(size, '\0');
  fill(std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

void SystemRandom::fill(std::span<std::byte> bytes) {
  GH_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                       static_cast<int>(bytes.size())) == 1);
}

void SeededRandom::fill(std::span<std::byte> bytes) {
  for (std::byte& byte : bytes) {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    byte = static_cast<std::byte>((state_ * 0x2545F4914F6CDD1DULL) >> 56);
  }
}

}  // namespace gatehouse
