// SPDX-License-Identifier: Apache-2.0
#include "model/change.h"

#include <array>

namespace gatehouse::model {

namespace {

constexpr auto kinds = std::to_array<std::string_view>({
    "api",
    "application",
    "subscription",
    "key_mapping",
    "policy",
    "api_key",
    "signing_key",
    "key_manager",
    "user",
    "tenant",
#ifdef GATEHOUSE_NEXT
    "notice",
#endif
});

}  // namespace

std::size_t change_kinds() { return kinds.size(); }

std::string_view to_text(ChangeKind kind) { return kinds.at(static_cast<std::size_t>(kind)); }

Result<ChangeKind> parse_change_kind(std::string_view text) {
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i] == text) return static_cast<ChangeKind>(i);
  }
  return fail(ErrorCode::invalid_argument, "Not a kind of change: " + std::string(text));
}

}  // namespace gatehouse::model
