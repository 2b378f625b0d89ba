// SPDX-License-Identifier: Apache-2.0
//
// The states of an API and the actions that lead from one to another.
//
// Thread:  constant tables and pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace gatehouse::publisher {

struct Transition {
  std::string_view from;    // "CREATED"
  std::string_view action;  // "Publish"
  std::string_view to;      // "PUBLISHED"
};

// The state that an action leads to, or nothing when the state does not allow it.
std::optional<std::string_view> state_after(std::string_view state, std::string_view action);
std::vector<Transition> transitions_from(std::string_view state);

// What a publisher may ask for beside an action, in the parameter `lifecycleChecklist`.
inline constexpr std::string_view deprecate_others =
    "Deprecate old versions after publishing the API";
inline constexpr std::string_view subscribe_again =
    "Requires re-subscription when publishing the API";
// Whether "<item>:true" stands among the items, which commas part.
bool is_checked(std::string_view checklist, std::string_view item);

// "PUBLISHED" → "Published": the form of lifecycle answers.
std::string state_title(std::string_view state);
// {state, checkItems, availableTransitions}.
json::object lifecycle_state(std::string_view state);

}  // namespace gatehouse::publisher
