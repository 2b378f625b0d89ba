// SPDX-License-Identifier: Apache-2.0
//
// What is limited: a key (who, at which level) and how much of it is allowed.
//
// A limit of kind `window` is a quota of an aligned window: the first `quota` calls of each window
// that starts at a multiple of `span` since the Unix epoch pass, however quick. A `bucket` holds
// `quota` and refills evenly within `span`; it serves bursts only.
//
// Thread:  plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

namespace gatehouse::limits {

// The first 128 bits of the SHA-256 of the key's text, so that every gateway names it alike.
struct Key {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const Key&) const = default;
};

// `text` as in docs/limits.md: "<level>:<subject>". Costs one digest: compute it once and keep it.
Key key_of(std::string_view text);

struct KeyHash {
  std::size_t operator()(const Key& key) const { return static_cast<std::size_t>(key.low); }
};

enum class LimitKind : std::uint8_t { window, bucket };

struct Limit {
  LimitKind kind = LimitKind::window;
  std::uint64_t quota = 0;
  std::chrono::milliseconds span{60'000};

  bool operator==(const Limit&) const = default;
};

}  // namespace gatehouse::limits
