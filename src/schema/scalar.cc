// SPDX-License-Identifier: Apache-2.0
#include "schema/scalar.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <cmath>

#include "core/id.h"

namespace gatehouse::schema {

namespace {

constexpr std::size_t enum_shown_max = 12;

bool is_whole(const json::value& value) {
  return value.is_int64() || value.is_uint64() ||
         (value.is_double() && std::trunc(value.get_double()) == value.get_double());
}

std::string type_complaint(std::string_view type, const json::value& value) {
  if (type == "string") return value.is_string() ? "" : "must be a string";
  if (type == "integer") return is_whole(value) ? "" : "must be a whole number";
  if (type == "number") return value.is_number() ? "" : "must be a number";
  if (type == "boolean") return value.is_bool() ? "" : "must be true or false";
  if (type == "array") return value.is_array() ? "" : "must be an array";
  if (type == "object") return value.is_object() ? "" : "must be an object";
  return "";
}

std::string enum_complaint(const json::array& allowed, const json::value& value) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return "";
  std::string text;
  for (std::size_t i = 0; i < std::min(allowed.size(), enum_shown_max); ++i) {
    if (i > 0) text += ", ";
    text +=
        allowed[i].is_string() ? std::string(allowed[i].get_string()) : json::serialize(allowed[i]);
  }
  return fmt::format("must be one of {}{}", text, allowed.size() > enum_shown_max ? ", …" : "");
}

// Characters, not bytes: every byte of UTF-8 but the continuing ones.
std::int64_t length_of(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xC0') != '\x80'; });
}

std::string size_complaint(const json::object& part, std::int64_t size, std::string_view unit,
                           std::string_view minimum, std::string_view maximum) {
  if (size < number_or(part, minimum, 0)) {
    return fmt::format("must have at least {} {}", number_or(part, minimum, 0), unit);
  }
  if (size > number_or(part, maximum, INT64_MAX)) {
    return fmt::format("must have at most {} {}", number_or(part, maximum, 0), unit);
  }
  return "";
}

Result<std::string> string_complaint(const json::object& part, std::string_view text) {
  std::string size = size_complaint(part, length_of(text), "characters", "minLength", "maxLength");
  if (!size.empty()) return size;
  if (const json::value* pattern = part.if_contains("pattern"); pattern && pattern->is_string()) {
    const RE2 expression(std::string_view(pattern->get_string()), RE2::Quiet);
    if (!expression.ok()) {
      return fail(ErrorCode::internal, "A schema's pattern is wrong", expression.error());
    }
    if (!RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), expression)) {
      return fmt::format("must match {}", std::string_view(pattern->get_string()));
    }
  }
  if (text_or(part, "format", "") == "uuid" && !parse_uuid(text)) return "must be a UUID";
  return "";
}

// Bounds are compared as doubles: schemas keep them well below 2^53.
std::string number_complaint(const json::object& part, const json::value& value) {
  const double number = value.to_number<double>();
  const json::value* minimum = part.if_contains("minimum");
  if (minimum && minimum->is_number()) {
    const double bound = minimum->to_number<double>();
    const bool exclusive = flag_or(part, "exclusiveMinimum", false);
    if (exclusive ? number <= bound : number < bound) {
      return fmt::format("must be {} {}", exclusive ? "more than" : "at least", bound);
    }
  }
  const json::value* maximum = part.if_contains("maximum");
  if (maximum && maximum->is_number()) {
    const double bound = maximum->to_number<double>();
    const bool exclusive = flag_or(part, "exclusiveMaximum", false);
    if (exclusive ? number >= bound : number > bound) {
      return fmt::format("must be {} {}", exclusive ? "less than" : "at most", bound);
    }
  }
  return "";
}

std::string array_complaint(const json::object& part, const json::array& array) {
  std::string size = size_complaint(part, static_cast<std::int64_t>(array.size()), "elements",
                                    "minItems", "maxItems");
  if (!size.empty() || !flag_or(part, "uniqueItems", false)) return size;
  for (auto element = array.begin(); element != array.end(); ++element) {
    if (std::find(std::next(element), array.end(), *element) != array.end()) {
      return "must not hold an element twice";
    }
  }
  return "";
}

}  // namespace

Result<std::string> complaint(const json::object& part, const json::value& value) {
  std::string text = type_complaint(text_or(part, "type", ""), value);
  if (!text.empty()) return text;
  if (const json::array* allowed = array_at(part, "enum")) {
    text = enum_complaint(*allowed, value);
    if (!text.empty()) return text;
  }
  if (value.is_string()) return string_complaint(part, value.get_string());
  if (value.is_number()) return number_complaint(part, value);
  if (value.is_array()) return array_complaint(part, value.get_array());
  return text;
}

}  // namespace gatehouse::schema
