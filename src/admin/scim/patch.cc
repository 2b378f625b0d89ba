// SPDX-License-Identifier: Apache-2.0
#include "admin/scim/patch.h"

#include <algorithm>

#include "admin/scim/filter.h"
#include "core/text.h"

namespace gatehouse::admin {

namespace {

enum class Action : std::uint8_t { add, replace, remove };

tl::unexpected<Error> refuse(std::string message, const char* scim_type) {
  return fail(ErrorCode::invalid_argument, std::move(message), scim_type);
}

// members[value eq "7"].display: the attribute, which of its values, and what of them.
struct Path {
  AttributePath attribute;
  std::optional<Filter> filter;
};

Result<Path> parse_path(std::string_view text) {
  const std::size_t open = text.find('[');
  if (open == text.npos) {
    const auto attribute = parse_attribute_path(text);
    if (!attribute) return refuse(fmt::format("'{}' is no path", text), "invalidPath");
    return Path{*attribute, std::nullopt};
  }
  const std::size_t close = text.rfind(']');
  auto attribute = parse_attribute_path(text.substr(0, open));
  if (!attribute || !attribute->sub.empty() || close == text.npos || close < open) {
    return refuse(fmt::format("'{}' is no path", text), "invalidPath");
  }
  auto filter = Filter::parse(text.substr(open + 1, close - open - 1));
  if (!filter) return refuse(filter.error().message, "invalidFilter");
  const std::string_view rest = text.substr(close + 1);
  if (!rest.empty()) {
    const auto sub = rest.front() == '.' ? parse_attribute_path(rest.substr(1)) : std::nullopt;
    if (!sub || !sub->sub.empty()) {
      return refuse(fmt::format("'{}' is no path", text), "invalidPath");
    }
    attribute->sub = sub->name;
  }
  return Path{*attribute, *std::move(filter)};
}

// The name as the object has it already, or as it was sent.
std::string own_name(const json::object& object, const std::string& name) {
  for (const auto& member : object) {
    if (equals_ignoring_case(member.key(), name)) return std::string(member.key());
  }
  return name;
}

// At most one value of a list is the primary one: the newest that says so.
void keep_one_primary(json::array& list) {
  bool seen = false;
  for (std::size_t i = list.size(); i-- > 0;) {
    json::object* item = list[i].if_object();
    if (item == nullptr || !flag_or(*item, "primary", false)) continue;
    if (seen) (*item)["primary"] = false;
    seen = true;
  }
}

void add_to(json::array& list, const json::value& value) {
  const json::array alone{value};
  for (const json::value& item : value.is_array() ? value.get_array() : alone) {
    if (std::ranges::find(list, item) == list.end()) list.push_back(item);
  }
  keep_one_primary(list);
}

json::value as_written(const json::value& value, const json::value& before) {
  if (!before.is_bool() || !value.is_string()) return value;
  if (equals_ignoring_case(std::string_view(value.get_string()), "true")) return true;
  if (equals_ignoring_case(std::string_view(value.get_string()), "false")) return false;
  return value;
}

void write(json::object& object, const std::string& name, Action action, const json::value& value) {
  const std::string own = own_name(object, name);
  if (action == Action::remove) {
    object.erase(own);
    return;
  }
  json::value& before = object[own];
  if (action == Action::add && before.is_array()) {
    add_to(before.get_array(), value);
  } else if (before.is_object() && value.is_object()) {
    // Of a complex attribute the sub-attributes that are named change.
    for (const auto& member : value.get_object()) {
      before.get_object()[own_name(before.get_object(), std::string(member.key()))] =
          member.value();
    }
  } else {
    before = as_written(value, before);
  }
}

// members with value [{"value": "7"}] and "remove": these values and no others.
bool remove_values(json::object& resource, const std::string& name, const json::value& value) {
  json::value* list = resource.if_contains(own_name(resource, name));
  if (list == nullptr || !list->is_array() || value.is_null()) return false;
  const json::array alone{value};
  for (const json::value& gone : value.is_array() ? value.get_array() : alone) {
    const json::object* object = gone.if_object();
    json::array kept;
    for (const json::value& item : list->get_array()) {
      const bool same =
          object == nullptr || !item.is_object()
              ? item == gone
              : text_or(item.get_object(), "value", "") == text_or(*object, "value", "");
      if (!same) kept.push_back(item);
    }
    list->get_array() = std::move(kept);
  }
  return true;
}

Result<> apply_filtered(json::object& resource, const Path& path, Action action,
                        const json::value& value) {
  const std::string name = own_name(resource, path.attribute.name);
  json::value* found = resource.if_contains(name);
  json::array* list = found == nullptr ? nullptr : found->if_array();
  bool any = false;
  for (std::size_t i = 0; list != nullptr && i < list->size();) {
    json::object* item = (*list)[i].if_object();
    if (item == nullptr || !path.filter->matches(*item)) {
      ++i;
      continue;
    }
    any = true;
    if (!path.attribute.sub.empty()) {
      write(*item, path.attribute.sub, action, value);
    } else if (action == Action::remove) {
      list->erase(list->begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    } else if (value.is_object()) {
      for (const auto& member : value.get_object()) (*item)[member.key()] = member.value();
    } else {
      return refuse("The value of such a path is an object", "invalidValue");
    }
    ++i;
  }
  if (list != nullptr) keep_one_primary(*list);
  if (!any && action != Action::remove) return refuse("No value matches the path", "noTarget");
  return {};
}

Result<> apply_at(json::object& resource, const Path& path, Action action,
                  const json::value& value) {
  if (path.filter) return apply_filtered(resource, path, action, value);
  const AttributePath& attribute = path.attribute;
  if (attribute.sub.empty()) {
    if (action == Action::remove && remove_values(resource, attribute.name, value)) return {};
    write(resource, attribute.name, action, value);
    return {};
  }
  json::value& holder = resource[own_name(resource, attribute.name)];
  if (holder.is_null()) holder.emplace_object();
  if (!holder.is_object()) {
    return refuse(fmt::format("'{}' has several values", attribute.name), "invalidPath");
  }
  write(holder.get_object(), attribute.sub, action, value);
  return {};
}

// Without a path the value names the attributes itself, "name.familyName" among them.
Result<> apply_whole(json::object& resource, Action action, const json::value& value) {
  if (action == Action::remove) return refuse("'remove' needs a path", "noTarget");
  if (!value.is_object()) return refuse("Without a path the value is an object", "invalidValue");
  for (const auto& member : value.get_object()) {
    GH_TRY(path, parse_path(std::string_view(member.key())));
    GH_CHECK(apply_at(resource, path, action, member.value()));
  }
  return {};
}

Result<> apply_one(const json::object& operation, json::object& resource) {
  const std::string name = to_lower(text_or(operation, "op", ""));
  if (name != "add" && name != "replace" && name != "remove") {
    return refuse(fmt::format("'{}' is no operation", name), "invalidSyntax");
  }
  const Action action = name == "add"       ? Action::add
                        : name == "replace" ? Action::replace
                                            : Action::remove;
  const json::value* value = operation.if_contains("value");
  if (value == nullptr && action != Action::remove) {
    return refuse(fmt::format("'{}' needs a value", name), "invalidValue");
  }
  const json::value given = value == nullptr ? json::value() : *value;
  const json::value* path = operation.if_contains("path");
  if (path == nullptr) return apply_whole(resource, action, given);
  if (!path->is_string()) return refuse("'path' is a text", "invalidPath");
  GH_TRY(parsed, parse_path(std::string_view(path->get_string())));
  return apply_at(resource, parsed, action, given);
}

}  // namespace

Result<> apply_patch(const json::object& body, json::object& resource) {
  const json::value* operations = attribute_of(body, "Operations");
  if (operations == nullptr || !operations->is_array() || operations->get_array().empty() ||
      operations->get_array().size() > patch_operations_max) {
    return refuse("'Operations' is a list of 1 to 1000 operations", "invalidSyntax");
  }
  for (const json::value& item : operations->get_array()) {
    if (!item.is_object()) return refuse("An operation is an object", "invalidSyntax");
    GH_CHECK(apply_one(item.get_object(), resource));
  }
  return {};
}

}  // namespace gatehouse::admin
