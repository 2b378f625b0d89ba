// SPDX-License-Identifier: Apache-2.0
#include "core/json.h"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <cmath>
#include <set>

namespace gatehouse {

namespace {

// Stops the parse at what the grammar allows and we do not: a second member of one name in an
// object, and a number beyond double, which would read as infinity and could never be written
// again.
class Refusals {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  using Code = json::error_code;

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_array_begin(Code&) { return true; }
  bool on_array_end(std::size_t, Code&) { return true; }
  bool on_object_begin(Code&) {
    names_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, Code&) {
    names_.pop_back();
    return true;
  }
  bool on_string_part(std::string_view, std::size_t, Code&) { return true; }
  bool on_string(std::string_view, std::size_t, Code&) { return true; }
  bool on_key_part(std::string_view part, std::size_t, Code&) {
    name_ += part;
    return true;
  }
  bool on_key(std::string_view part, std::size_t, Code& code) {
    name_ += part;
    const bool fresh = names_.back().insert(name_).second;
    name_.clear();
    if (!fresh) refuse("Duplicate name", code);
    return fresh;
  }
  bool on_number_part(std::string_view, Code&) { return true; }
  bool on_int64(std::int64_t, std::string_view, Code&) { return true; }
  bool on_uint64(std::uint64_t, std::string_view, Code&) { return true; }
  bool on_double(double number, std::string_view, Code& code) {
    if (!std::isfinite(number)) refuse("A number is too large", code);
    return !code;
  }
  bool on_bool(bool, Code&) { return true; }
  bool on_null(Code&) { return true; }
  bool on_comment_part(std::string_view, Code&) { return true; }
  bool on_comment(std::string_view, Code&) { return true; }

  // Null while nothing was refused.
  const char* reason() const { return reason_; }

 private:
  void refuse(const char* reason, Code& code) {
    reason_ = reason;
    code = json::error::exception;
  }

  const char* reason_ = nullptr;
  std::string name_;
  std::vector<std::set<std::string, std::less<>>> names_;
};

json::parse_options options() {
  json::parse_options options;
  options.max_depth = json_depth_max;
  return options;
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::error_code code;
  json::basic_parser<Refusals> checked(options());
  const std::size_t read = checked.write_some(false, text.data(), text.size(), code);
  if (const char* reason = checked.handler().reason()) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} before byte {}", reason, read));
  }
  if (code) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("Not JSON at byte {}: {}", read, code.message()));
  }
  json::value value = json::parse(text, code, {}, options());
  if (code) return fail(ErrorCode::invalid_argument, "Not JSON: " + code.message());
  return value;
}

Result<json::object> parse_json_object(std::string_view text) {
  GH_TRY(value, parse_json(text));
  if (!value.is_object()) return fail(ErrorCode::invalid_argument, "Not a JSON object");
  return std::move(value.get_object());
}

std::string text_or(const json::object& object, std::string_view name, std::string_view fallback) {
  const json::value* value = object.if_contains(name);
  return std::string(value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                            : fallback);
}

std::int64_t number_or(const json::object& object, std::string_view name, std::int64_t fallback) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return fallback;
  json::error_code code;
  const auto number = value->to_number<std::int64_t>(code);
  return code ? fallback : number;
}

bool flag_or(const json::object& object, std::string_view name, bool fallback) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_bool() ? value->get_bool() : fallback;
}

std::vector<std::string> texts_of(const json::object& object, std::string_view name) {
  std::vector<std::string> texts;
  if (const json::array* array = array_at(object, name)) {
    for (const json::value& value : *array) {
      if (value.is_string()) texts.emplace_back(value.get_string());
    }
  }
  return texts;
}

const json::object* object_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* array_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_array();
}

json::array to_json(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

}  // namespace gatehouse
