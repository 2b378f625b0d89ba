// SPDX-License-Identifier: Apache-2.0
//
// The identifier of one kind of thing. `Id<Api>` and `Id<Application>` do not compare or convert,
// so arguments cannot be swapped by mistake.
//
// Shape: a UUID in lower-case text form, 36 characters (RFC 9562, section 4).
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/random.h"

namespace gatehouse {

// Error: invalid_argument, when `text` is not a UUID. Upper case is accepted and lowered.
Result<std::string> parse_uuid(std::string_view text);

// A version 4 UUID.
std::string random_uuid(Random& random);

template <typename Thing>
class Id {
 public:
  static Result<Id> parse(std::string_view text) {
    GH_TRY(uuid, parse_uuid(text));
    return Id(std::move(uuid));
  }
  static Id random(Random& random) { return Id(random_uuid(random)); }

  const std::string& text() const { return text_; }
  auto operator<=>(const Id&) const = default;

 private:
  explicit Id(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace gatehouse
