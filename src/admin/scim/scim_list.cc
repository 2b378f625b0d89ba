// SPDX-License-Identifier: Apache-2.0
//
// Lists of SCIM: filter, order and window.
#include "admin/scim/scim.h"
#include "core/text.h"

namespace gatehouse::admin {

namespace {

std::int64_t number_in(const std::map<std::string, std::string>& query, const std::string& name,
                       std::int64_t fallback) {
  const auto found = query.find(name);
  if (found == query.end()) return fallback;
  const auto number = parse_number(found->second);
  // RFC 7644, section 3.4.2.4: what is below the least counts as the least.
  return number ? static_cast<std::int64_t>(std::min<std::uint64_t>(*number, INT32_MAX)) : 0;
}

std::string text_in(const std::map<std::string, std::string>& query, const std::string& name) {
  const auto found = query.find(name);
  return found == query.end() ? "" : found->second;
}

// Before or behind what every other resource is sorted by.
constexpr const char* there = "1";
constexpr const char* not_there = "2";

// What a resource is sorted by: its text, or that of its primary or first value. Without one it is
// the last in ascending order and the first in descending. Source: RFC 7644, section 3.4.2.3.
std::string sort_key(const json::object& resource, const AttributePath& path) {
  const json::value* value = attribute_of(resource, path.name);
  if (value != nullptr && value->is_array()) {
    const json::array& list = value->get_array();
    const auto primary = std::ranges::find_if(list, [](const json::value& item) {
      const json::object* object = item.if_object();
      return object != nullptr && flag_or(*object, "primary", false);
    });
    value = list.empty() ? nullptr : primary == list.end() ? &list.front() : &*primary;
  }
  if (value != nullptr && value->is_object()) {
    value = attribute_of(value->get_object(), path.sub.empty() ? "value" : path.sub);
  }
  if (value == nullptr || value->is_null()) return not_there;
  return there + (value->is_string() ? to_lower(std::string_view(value->get_string()))
                                     : json::serialize(*value));
}

// Equal ones keep their order.
void sort(std::vector<json::object>& resources, const AttributePath& path, const ScimQuery& query) {
  std::vector<std::pair<std::string, std::size_t>> order;
  for (const json::object& resource : resources) {
    order.emplace_back(sort_key(resource, path), order.size());
  }
  std::ranges::sort(order, [&](const auto& a, const auto& b) {
    if (a.first == b.first) return a.second < b.second;
    return query.descending ? b.first < a.first : a.first < b.first;
  });
  std::vector<json::object> sorted;
  for (const auto& [key, place] : order) sorted.push_back(std::move(resources[place]));
  resources = std::move(sorted);
}

json::object response_of(json::array resources, std::int64_t total, const ScimQuery& query) {
  return {{"schemas", json::array{json::value(list_schema)}},
          {"totalResults", total},
          {"startIndex", query.start},
          {"itemsPerPage", resources.size()},
          {"Resources", std::move(resources)}};
}

}  // namespace

Result<ScimQuery> scim_query_from(const std::map<std::string, std::string>& query) {
  ScimQuery wanted;
  if (const std::string filter = text_in(query, "filter"); !filter.empty()) {
    auto parsed = Filter::parse(filter);
    if (!parsed) {
      return fail(ErrorCode::invalid_argument, parsed.error().message, "invalidFilter");
    }
    wanted.filter = *std::move(parsed);
  }
  wanted.sort_by = text_in(query, "sortBy");
  if (!wanted.sort_by.empty() && !parse_attribute_path(wanted.sort_by)) {
    return fail(ErrorCode::invalid_argument, "'sortBy' is no attribute", "invalidValue");
  }
  wanted.descending = equals_ignoring_case(text_in(query, "sortOrder"), "descending");
  wanted.start = std::max<std::int64_t>(1, number_in(query, "startIndex", 1));
  wanted.count = std::min(Scim::count_max, number_in(query, "count", wanted.count));
  wanted.projection = {text_in(query, "attributes"), text_in(query, "excludedAttributes")};
  return wanted;
}

json::object scim_list(std::vector<json::object> resources, const ScimQuery& query) {
  if (query.filter) {
    std::erase_if(resources, [&](const json::object& it) { return !query.filter->matches(it); });
  }
  if (const auto path = parse_attribute_path(query.sort_by)) sort(resources, *path, query);
  const auto total = static_cast<std::int64_t>(resources.size());
  std::vector<json::object> window;
  for (std::int64_t i = query.start - 1; i < total && i < query.start - 1 + query.count; ++i) {
    window.push_back(std::move(resources[static_cast<std::size_t>(i)]));
  }
  return scim_window(window, total, query);
}

json::object scim_window(const std::vector<json::object>& resources, std::int64_t total,
                         const ScimQuery& query) {
  json::array list;
  for (const json::object& resource : resources)
    list.push_back(project(resource, query.projection));
  return response_of(std::move(list), total, query);
}

}  // namespace gatehouse::admin
