// SPDX-License-Identifier: Apache-2.0
#include "schema/parts.h"

#include "core/text.h"

namespace gatehouse::schema {

namespace {

constexpr int nesting_max = 32;  // of $ref and allOf, so that a circle ends

Result<> collect(const json::object& document, const json::object& schema, int nesting,
                 Parts& parts) {
  if (nesting > nesting_max) return fail(ErrorCode::internal, "A schema refers to itself");
  if (const json::value* reference = schema.if_contains("$ref")) {
    const json::object* target =
        reference->is_string() ? resolve(document, reference->get_string()) : nullptr;
    if (target == nullptr) {
      return fail(ErrorCode::internal,
                  "A schema refers to nothing: " + json::serialize(*reference));
    }
    return collect(document, *target, nesting + 1, parts);
  }
  parts.push_back(&schema);
  if (const json::array* branches = array_at(schema, "allOf")) {
    for (const json::value& branch : *branches) {
      if (branch.is_object()) {
        GH_CHECK(collect(document, branch.get_object(), nesting + 1, parts));
      }
    }
  }
  return {};
}

}  // namespace

Result<Parts> parts_of(const json::object& document, const json::object& schema) {
  Parts parts;
  GH_CHECK(collect(document, schema, 0, parts));
  return parts;
}

const json::object* resolve(const json::object& document, std::string_view reference) {
  if (!reference.starts_with("#/")) return nullptr;
  const json::object* at = &document;
  for (const std::string_view name : split(reference.substr(2), '/')) {
    at = object_at(*at, name);
    if (at == nullptr) return nullptr;
  }
  return at;
}

bool any_sets(const Parts& parts, std::string_view flag) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const json::object* part) { return flag_or(*part, flag, false); });
}

const json::value* first_of(const Parts& parts, std::string_view keyword) {
  for (const json::object* part : parts) {
    if (const json::value* value = part->if_contains(keyword)) return value;
  }
  return nullptr;
}

Members members_of(const Parts& parts) {
  Members members;
  bool open = false;
  for (const json::object* part : parts) {
    if (const json::object* properties = object_at(*part, "properties")) {
      members.closed = true;
      for (const auto& [name, schema] : *properties) {
        if (schema.is_object()) members.properties.emplace(name, &schema.get_object());
      }
    }
    if (const json::array* required = array_at(*part, "required")) {
      for (const json::value& name : *required) {
        if (name.is_string()) members.required.emplace_back(name.get_string());
      }
    }
    const json::value* additional = part->if_contains("additionalProperties");
    if (additional == nullptr) continue;
    if (additional->is_object()) members.others = &additional->get_object();
    open = open || additional->is_object() || *additional == true;
    members.closed = true;
  }
  members.closed = members.closed && !open;
  return members;
}

}  // namespace gatehouse::schema
