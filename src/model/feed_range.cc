// SPDX-License-Identifier: Apache-2.0
#include "model/fields.h"
#include "model/snapshot.h"

namespace gatehouse::model {

template <typename Visitor, typename Self>
  requires std::same_as<std::remove_const_t<Self>, FeedRange>
static void describe(Visitor& visit, Self& range) {
  visit.required("tag", range.tag);
  visit.required("from", range.from);
  visit.required("to", range.to);
  visit.optional("revocation", range.revocation);
}

namespace {

json::array entries_to_json(const std::vector<FeedEntry>& entries, bool with_values) {
  json::array array;
  array.reserve(entries.size());
  for (const FeedEntry& entry : entries) {
    json::object object{{"kind", entry.kind}, {"id", entry.id}};
    if (with_values) object["value"] = entry.value;
    array.push_back(std::move(object));
  }
  return array;
}

Result<std::vector<FeedEntry>> entries_from(const json::object& range, std::string_view name) {
  std::vector<FeedEntry> entries;
  const json::array* array = array_at(range, name);
  if (array == nullptr) {
    return fail(ErrorCode::invalid_argument, "Missing or wrong: '" + std::string(name) + "'");
  }
  entries.reserve(array->size());
  for (const json::value& element : *array) {
    const json::object* object = element.if_object();
    if (object == nullptr)
      return fail(ErrorCode::invalid_argument, "A feed entry is not an object");
    FeedEntry entry{text_or(*object, "kind", ""), text_or(*object, "id", ""), {}};
    if (entry.kind.empty() || entry.id.empty()) {
      return fail(ErrorCode::invalid_argument, "A feed entry needs 'kind' and 'id'");
    }
    if (const json::object* value = object_at(*object, "value")) entry.value = *value;
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

json::object to_json(const FeedRange& range) {
  json::object object = write_fields(range);
  object["upserts"] = entries_to_json(range.upserts, true);
  object["removals"] = entries_to_json(range.removals, false);
  return object;
}

Result<FeedRange> feed_range_from(const json::object& object) {
  GH_TRY(range, read_fields<FeedRange>(object));
  GH_TRY(upserts, entries_from(object, "upserts"));
  GH_TRY(removals, entries_from(object, "removals"));
  range.upserts = std::move(upserts);
  range.removals = std::move(removals);
  return range;
}

}  // namespace gatehouse::model
