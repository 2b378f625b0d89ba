// SPDX-License-Identifier: Apache-2.0
//
// The JSON form of a struct from one list of its members, so that reading and writing cannot
// differ. A struct has `template <typename Visitor, typename Self> void describe(Visitor&, Self&)`,
// which calls visit.required("name", self.name) or visit.optional("name", self.name) for each
// member; a required member that is absent is an error, an optional one keeps its default.
//
// Thread:  plain functions.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"

namespace gatehouse::model {

// An enum of the model: `to_text` and `parse_text` know it.
template <typename T>
concept Named = std::is_enum_v<T>;
template <typename T>
concept Number = std::integral<T> && !std::same_as<T, bool>;
// A struct with a list of members.
template <typename T>
concept Part = std::is_class_v<T> && !std::same_as<T, std::string> && !std::same_as<T, Instant> &&
               !std::same_as<T, json::object>;

class FieldWriter {
 public:
  template <typename T>
  void required(const char* name, const T& member) {
    object_[name] = value_of(member);
  }
  template <typename T>
  void optional(const char* name, const T& member) {
    object_[name] = value_of(member);
  }
  // An absent optional is an absent member.
  template <typename T>
  void optional(const char* name, const std::optional<T>& member) {
    if (member) object_[name] = value_of(*member);
  }

  json::object take() { return std::move(object_); }

 private:
  static json::value value_of(const std::string& text) { return json::value(text); }
  static json::value value_of(Instant instant) { return to_ms(instant); }
  static json::value value_of(const json::object& object) { return object; }
  template <std::integral T>
  static json::value value_of(const T& number) {
    return json::value(number);
  }
  template <Named T>
  static json::value value_of(const T& name) {
    return json::value(std::string(to_text(name)));
  }
  template <typename T>
  static json::value value_of(const std::vector<T>& list) {
    json::array array;
    array.reserve(list.size());
    for (const T& element : list) array.push_back(value_of(element));
    return array;
  }
  template <Part T>
  static json::value value_of(const T& part) {
    FieldWriter writer;
    describe(writer, part);
    return writer.take();
  }

  json::object object_;
};

class FieldReader {
 public:
  explicit FieldReader(const json::object& object) : object_(object) {}

  template <typename T>
  void required(const char* name, T& member) {
    read(name, member, true);
  }
  template <typename T>
  void optional(const char* name, T& member) {
    read(name, member, false);
  }

  // Empty, or the first member that was missing or of a wrong type.
  const std::string& wrong() const { return wrong_; }

 private:
  template <typename T>
  void read(const char* name, T& member, bool needed) {
    if (!wrong_.empty()) return;
    const json::value* value = object_.if_contains(name);
    const bool fits = value == nullptr ? !needed : take(*value, member);
    if (!fits && wrong_.empty()) wrong_ = name;
  }

  bool take(const json::value& value, std::string& text) {
    if (!value.is_string()) return false;
    text = std::string(value.get_string());
    return true;
  }
  bool take(const json::value& value, bool& flag) {
    if (!value.is_bool()) return false;
    flag = value.get_bool();
    return true;
  }
  bool take(const json::value& value, Instant& instant) {
    std::int64_t ms = 0;
    if (!take(value, ms)) return false;
    instant = from_ms(ms);
    return true;
  }
  bool take(const json::value& value, json::object& object) {
    if (!value.is_object()) return false;
    object = value.get_object();
    return true;
  }
  template <Number T>
  bool take(const json::value& value, T& number) {
    json::error_code code;
    if (!value.is_int64() && !value.is_uint64()) return false;
    number = value.to_number<T>(code);
    return !code;
  }
  template <Named T>
  bool take(const json::value& value, T& name) {
    std::string text;
    if (!take(value, text)) return false;
    return parse_text(text, name);
  }
  template <typename T>
  bool take(const json::value& value, std::optional<T>& member) {
    return take(value, member.emplace());
  }
  template <typename T>
  bool take(const json::value& value, std::vector<T>& list) {
    if (!value.is_array()) return false;
    list.clear();
    list.reserve(value.get_array().size());
    for (const json::value& element : value.get_array()) {
      if (!take(element, list.emplace_back())) return false;
    }
    return true;
  }
  template <Part T>
  bool take(const json::value& value, T& part) {
    if (!value.is_object()) return false;
    FieldReader reader(value.get_object());
    describe(reader, part);
    return reader.wrong().empty();
  }

  const json::object& object_;
  std::string wrong_;
};

template <typename T>
json::object write_fields(const T& thing) {
  FieldWriter writer;
  describe(writer, thing);
  return writer.take();
}

// Error: invalid_argument; the message names the member.
template <typename T>
Result<T> read_fields(const json::object& object) {
  FieldReader reader(object);
  T thing;
  describe(reader, thing);
  if (!reader.wrong().empty()) {
    return fail(ErrorCode::invalid_argument, "Missing or wrong: '" + reader.wrong() + "'");
  }
  return thing;
}

}  // namespace gatehouse::model
