// SPDX-License-Identifier: Apache-2.0
#include "schema/validator.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "core/text.h"
#include "schema/parts.h"
#include "schema/scalar.h"

namespace gatehouse::schema {

namespace {

// The schema of what no schema describes.
const json::object anything;

// A name as a step of a JSON pointer (RFC 6901).
std::string step(std::string_view name) {
  std::string text = "/";
  for (const char c : name) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text += c;
    }
  }
  return text;
}

// One walk through a value; `path_` is where it stands.
class Walk {
 public:
  Walk(const json::object& document, std::string path)
      : document_(document), path_(std::move(path)) {}

  Result<> value(const json::object& schema, json::value& value);

 private:
  Result<> parts(const Parts& parts, json::value& value);
  Result<> alternatives(const json::object& part, json::value& value);
  Result<> object(const Parts& parts, json::object& object);
  Result<> member(const Members& members, const std::string& name, json::object& object);
  Result<> required(const Members& members, const json::object& object);
  Result<> fill_defaults(const Members& members, json::object& object);
  Result<> array(const Parts& parts, json::array& array);

  Result<> below(const std::string& to, const json::object& schema, json::value& value);
  tl::unexpected<Error> refuse(std::string_view why, const std::string& to = "") const;

  const json::object& document_;
  std::string path_;
};

tl::unexpected<Error> Walk::refuse(std::string_view why, const std::string& to) const {
  const std::string place = path_ + to;
  return fail(ErrorCode::invalid_argument, fmt::format("{}: {}", place.empty() ? "/" : place, why));
}

Result<> Walk::below(const std::string& to, const json::object& schema, json::value& value) {
  const std::size_t length = path_.size();
  path_ += to;
  GH_CHECK(this->value(schema, value));
  path_.resize(length);
  return {};
}

Result<> Walk::value(const json::object& schema, json::value& value) {
  GH_TRY(parts, parts_of(document_, schema));
  return this->parts(parts, value);
}

Result<> Walk::parts(const Parts& parts, json::value& value) {
  if (value.is_null()) {
    if (any_sets(parts, "nullable") || first_of(parts, "type") == nullptr) return {};
    return refuse("must not be null");
  }
  for (const json::object* part : parts) {
    GH_TRY(text, complaint(*part, value));
    if (!text.empty()) return refuse(text);
  }
  if (value.is_object()) GH_CHECK(object(parts, value.get_object()));
  if (value.is_array()) GH_CHECK(array(parts, value.get_array()));
  // Last, because "unknown field" says more than "fits none".
  for (const json::object* part : parts) GH_CHECK(alternatives(*part, value));
  return {};
}

// anyOf and oneOf: the first alternative that fits is the one whose defaults are filled in.
Result<> Walk::alternatives(const json::object& part, json::value& value) {
  for (const char* keyword : {"anyOf", "oneOf"}) {
    const json::array* choices = array_at(part, keyword);
    if (choices == nullptr) continue;
    std::vector<json::value> fitting;
    for (const json::value& choice : *choices) {
      if (!choice.is_object()) continue;
      json::value copy = value;
      Walk trial(document_, path_);
      if (trial.value(choice.get_object(), copy)) fitting.push_back(std::move(copy));
    }
    if (fitting.empty()) return refuse("fits none of the allowed forms");
    if (fitting.size() > 1 && std::string_view(keyword) == "oneOf") {
      return refuse("fits more than one of the allowed forms");
    }
    value = std::move(fitting.front());
  }
  return {};
}

Result<> Walk::object(const Parts& parts, json::object& object) {
  const Members members = members_of(parts);
  std::vector<std::string> names;
  names.reserve(object.size());
  for (const auto& entry : object) names.emplace_back(entry.key());
  for (const std::string& name : names) GH_CHECK(member(members, name, object));
  GH_CHECK(required(members, object));
  return fill_defaults(members, object);
}

Result<> Walk::member(const Members& members, const std::string& name, json::object& object) {
  const auto known = members.properties.find(name);
  if (known == members.properties.end()) {
    if (members.closed) return refuse("unknown field", step(name));
    const json::object& others = members.others == nullptr ? anything : *members.others;
    return below(step(name), others, object[name]);
  }
  GH_TRY(parts, parts_of(document_, *known->second));
  const bool needed =
      std::find(members.required.begin(), members.required.end(), name) != members.required.end();
  json::value& value = object[name];
  const bool absent = value.is_null() && !needed && !any_sets(parts, "nullable") &&
                      first_of(parts, "type") != nullptr;
  if (absent || any_sets(parts, "readOnly")) {
    object.erase(name);
    return {};
  }
  return below(step(name), *known->second, value);
}

Result<> Walk::required(const Members& members, const json::object& object) {
  for (const std::string_view name : members.required) {
    if (object.contains(name)) continue;
    if (const auto known = members.properties.find(name); known != members.properties.end()) {
      GH_TRY(parts, parts_of(document_, *known->second));
      // What only we may write cannot be asked from the client.
      if (any_sets(parts, "readOnly")) continue;
    }
    return refuse("required", step(name));
  }
  return {};
}

Result<> Walk::fill_defaults(const Members& members, json::object& object) {
  for (const auto& [name, schema] : members.properties) {
    if (object.contains(name)) continue;
    GH_TRY(parts, parts_of(document_, *schema));
    const json::value* fallback = first_of(parts, "default");
    if (fallback != nullptr && !any_sets(parts, "readOnly")) object.emplace(name, *fallback);
  }
  return {};
}

Result<> Walk::array(const Parts& parts, json::array& array) {
  const json::value* items = first_of(parts, "items");
  const json::object& schema =
      items != nullptr && items->is_object() ? items->get_object() : anything;
  for (std::size_t i = 0; i < array.size(); ++i) {
    GH_CHECK(below(fmt::format("/{}", i), schema, array[i]));
  }
  return {};
}

template <typename Number>
std::optional<Number> number_from(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

json::value scalar_from(std::string_view type, std::string_view text) {
  if (type == "integer") {
    if (const auto number = number_from<std::int64_t>(text)) return *number;
  } else if (type == "number") {
    // "inf" and "nan" are words, as in JSON.
    if (const auto number = number_from<double>(text); number && std::isfinite(*number)) {
      return *number;
    }
  } else if (type == "boolean" && (text == "true" || text == "false")) {
    return text == "true";
  }
  return json::value(text);
}

std::string type_of(const json::object& document, const json::object& schema) {
  const Result<Parts> parts = parts_of(document, schema);
  const json::value* type = parts ? first_of(*parts, "type") : nullptr;
  return type != nullptr && type->is_string() ? std::string(type->get_string()) : "string";
}

}  // namespace

Result<> Validator::check(const json::object& schema, json::value& value, std::string where) const {
  return Walk(document_, std::move(where)).value(schema, value);
}

json::value Validator::from_text(const json::object& schema, std::string_view text) const {
  const std::string type = type_of(document_, schema);
  if (type != "array") return scalar_from(type, text);
  const json::object* items = object_at(schema, "items");
  const std::string element_type = items == nullptr ? "string" : type_of(document_, *items);
  json::array array;
  for (const std::string_view element : split(text, ',')) {
    array.push_back(scalar_from(element_type, trim(element)));
  }
  return array;
}

}  // namespace gatehouse::schema
