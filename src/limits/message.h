// SPDX-License-Identifier: Apache-2.0
//
// What holders of leases and owners of limits say to each other. A holder is one worker of a
// gateway; an owner decides for a key.
//
// Shape:   docs/limits.md draws the bytes. Little endian; every list is counted and bounded.
// Thread:  plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "limits/limit.h"

namespace gatehouse::limits {

// Subjects on the bus: holders ask here; each holder listens on reply_subject(its name).
inline constexpr std::string_view subject_ask = "limits.ask";
std::string reply_subject(std::string_view holder);

inline constexpr std::size_t message_items_max = 65'536;

// "I need `need` permits now (0: none wait), and see `rate` calls per second." A repeated ask has
// the number of the first one.
struct Ask {
  Key key;
  Limit limit;
  std::uint32_t need = 0;
  std::uint32_t rate = 0;
  std::uint32_t number = 0;
};

// "I do not need these any more": unasked, or the answer to a recall (then 0 counts too).
struct Return {
  Key key;
  std::uint64_t window = 0;
  std::uint64_t permits = 0;
};

struct HolderMessage {
  std::string holder;
  std::vector<Ask> asks;
  std::vector<Return> returns;
};

// The answer to one Ask. `permits` may be fewer than needed: the rest is refused, which holds until
// `remaining` has passed.
struct Grant {
  Key key;
  std::uint64_t window = 0;
  std::uint64_t permits = 0;
  std::uint64_t left = 0;                  // what the owner still has after this
  std::chrono::microseconds remaining{0};  // of the window, or until the next permit of a bucket
  std::uint32_t refused = 0;               // how many of the needed ones are refused
  std::uint32_t number = 0;                // of the ask
};

// "Give back what you have not spent of this window."
struct Recall {
  Key key;
  std::uint64_t window = 0;
};

struct OwnerMessage {
  std::vector<Grant> grants;
  std::vector<Recall> recalls;

  bool empty() const { return grants.empty() && recalls.empty(); }
};

std::string encode(const HolderMessage& message);
std::string encode(const OwnerMessage& message);
// Error: invalid_argument, when the bytes are not such a message.
Result<HolderMessage> decode_holder_message(std::string_view bytes);
Result<OwnerMessage> decode_owner_message(std::string_view bytes);

}  // namespace gatehouse::limits
