// SPDX-License-Identifier: Apache-2.0
#include "publisher/lifecycle_rules.h"

#include <array>

#include "core/text.h"

namespace gatehouse::publisher {

namespace {

constexpr std::array transitions{
    Transition{"CREATED", "Publish", "PUBLISHED"},
    Transition{"CREATED", "Deploy as a Prototype", "PROTOTYPED"},
    Transition{"PROTOTYPED", "Publish", "PUBLISHED"},
    Transition{"PROTOTYPED", "Demote to Created", "CREATED"},
    Transition{"PROTOTYPED", "Deploy as a Prototype", "PROTOTYPED"},
    Transition{"PUBLISHED", "Block", "BLOCKED"},
    Transition{"PUBLISHED", "Deploy as a Prototype", "PROTOTYPED"},
    Transition{"PUBLISHED", "Demote to Created", "CREATED"},
    Transition{"PUBLISHED", "Deprecate", "DEPRECATED"},
    Transition{"PUBLISHED", "Publish", "PUBLISHED"},
    Transition{"BLOCKED", "Re-Publish", "PUBLISHED"},
    Transition{"BLOCKED", "Deprecate", "DEPRECATED"},
    Transition{"DEPRECATED", "Retire", "RETIRED"},
};

}  // namespace

std::optional<std::string_view> state_after(std::string_view state, std::string_view action) {
  for (const Transition& transition : transitions) {
    if (transition.from == state && transition.action == action) return transition.to;
  }
  return std::nullopt;
}

std::vector<Transition> transitions_from(std::string_view state) {
  std::vector<Transition> found;
  for (const Transition& transition : transitions) {
    if (transition.from == state) found.push_back(transition);
  }
  return found;
}

bool is_checked(std::string_view checklist, std::string_view item) {
  for (const std::string_view entry : split(checklist, ',')) {
    const std::size_t colon = entry.rfind(':');
    if (colon == entry.npos || trim(entry.substr(0, colon)) != item) continue;
    return equals_ignoring_case(trim(entry.substr(colon + 1)), "true");
  }
  return false;
}

std::string state_title(std::string_view state) {
  std::string title = to_lower(state);
  if (!title.empty()) title.front() = state.front();
  return title;
}

json::object lifecycle_state(std::string_view state) {
  json::array available;
  for (const Transition& transition : transitions_from(state)) {
    available.push_back(
        {{"event", transition.action}, {"targetState", state_title(transition.to)}});
  }
  json::array items;
  if (state == "CREATED" || state == "PROTOTYPED") {
    for (const std::string_view item : {deprecate_others, subscribe_again}) {
      items.push_back({{"name", item}, {"value", false}, {"requiredStates", json::array()}});
    }
  }
  json::object answer;
  answer["state"] = state_title(state);
  answer["checkItems"] = std::move(items);
  answer["availableTransitions"] = std::move(available);
  return answer;
}

}  // namespace gatehouse::publisher
