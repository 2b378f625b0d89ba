// SPDX-License-Identifier: Apache-2.0
//
// Filters that anybody may send, asked of a resource.
#include <cstddef>
#include <cstdint>

#include "admin/scim/filter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  static const json::object resource{{"userName", "anna"},
                                     {"emails", json::array{json::object{{"value", "a@b"}}}}};
  const auto filter =
      admin::Filter::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (filter) static_cast<void>(filter->matches(resource));
  return 0;
}
