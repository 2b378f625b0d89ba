// SPDX-License-Identifier: Apache-2.0
//
// SCIM filters: read once, then asked of any number of resources.
//
//   userName sw "a" and not (emails[type eq "work"] or title pr)
//
// Names compare without regard to case, and so do texts but those of attributes that are exact (id,
// externalId, $ref, version). Of a list, one value that matches is enough.
//
// Thread:  immutable after construction.
// Memory:  at most `terms_max` terms, nested at most `depth_max` deep.
// Source:  RFC 7644, section 3.4.2.2.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/json.h"

namespace gatehouse::admin {

// "name.familyName", without the URN of a core schema before it. The enterprise extension's URN
// stays, as its attributes lie below it.
struct AttributePath {
  std::string name;
  std::string sub;  // empty: the attribute itself
};
// Nothing, when it is not a path.
std::optional<AttributePath> parse_attribute_path(std::string_view text);

// The member of this name without regard to case, or null.
const json::value* attribute_of(const json::object& object, std::string_view name);

class Filter {
 public:
  static constexpr std::size_t length_max = 4'096;
  static constexpr std::size_t terms_max = 64;
  static constexpr int depth_max = 16;

  // Error: invalid_argument, when it is no filter.
  static Result<Filter> parse(std::string_view text);

  bool matches(const json::object& resource) const;

  // The text of the filter `NAME eq "text"`, when it is just that: such a one can be looked up.
  std::optional<std::string> equals(std::string_view name) const;

  struct Node;

 private:
  explicit Filter(std::shared_ptr<const Node> root) : root_(std::move(root)) {}

  std::shared_ptr<const Node> root_;
};

}  // namespace gatehouse::admin
