// SPDX-License-Identifier: Apache-2.0
#include "core/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cmath>
#include <set>

#include "core/json_memory.h"

namespace gatehouse {

namespace {

// Names of the objects that are open, to find one that comes twice. All of them stand in one
// buffer, so that reading a small object allocates nothing.
class Names {
 public:
  void open() { begins_.push_back(names_.size()); }
  void close() {
    const std::size_t begin = begins_.back();
    begins_.pop_back();
    if (begin == names_.size()) return;
    text_.resize(names_[begin].offset);
    names_.resize(begin);
    if (!many_.empty() && many_.back().object == begins_.size()) many_.pop_back();
  }
  void part(std::string_view part) { text_ += part; }
  // The name that `part` ends; false when the object has it already.
  bool end(std::string_view part) {
    const std::size_t offset = names_.empty() ? 0 : names_.back().end();
    text_ += part;
    const std::string_view name = std::string_view(text_).substr(offset);
    if (has(name)) return false;
    names_.push_back({offset, name.size()});
    return true;
  }

 private:
  static constexpr std::size_t few_max = 32;  // names that are compared one by one

  struct Name {
    std::size_t offset;
    std::size_t size;
    std::size_t end() const { return offset + size; }
  };
  struct Many {
    std::size_t object;  // how many are open around it
    std::set<std::string, std::less<>> names;
  };

  std::string_view text_of(const Name& name) const {
    return std::string_view(text_).substr(name.offset, name.size);
  }
  bool has(std::string_view name) {
    const std::size_t begin = begins_.back();
    const std::size_t object = begins_.size() - 1;
    if (names_.size() - begin < few_max) {
      return std::any_of(names_.begin() + static_cast<std::ptrdiff_t>(begin), names_.end(),
                         [&](const Name& there) { return text_of(there) == name; });
    }
    if (many_.empty() || many_.back().object != object) {
      many_.push_back({object, {}});
      for (std::size_t i = begin; i < names_.size(); ++i) {
        many_.back().names.emplace(text_of(names_[i]));
      }
    }
    return !many_.back().names.emplace(name).second;
  }

  std::string text_;
  std::vector<Name> names_;
  std::vector<std::size_t> begins_;  // of each open object in `names_`
  std::vector<Many> many_;           // of open objects with more than a few
};

// Builds the value, and stops at what the grammar allows and we do not: a second member of one name
// in an object, and a number beyond double, which would read as infinity and could never be written
// again.
class Strict {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  using Code = json::error_code;

  explicit Strict(const json::storage_ptr& memory) { stack_.reset(memory); }

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_array_begin(Code&) { return true; }
  bool on_array_end(std::size_t size, Code&) {
    stack_.push_array(size);
    return true;
  }
  bool on_object_begin(Code&) {
    names_.open();
    return true;
  }
  bool on_object_end(std::size_t size, Code&) {
    names_.close();
    stack_.push_object(size);
    return true;
  }
  bool on_string_part(std::string_view part, std::size_t, Code&) {
    stack_.push_chars(part);
    return true;
  }
  bool on_string(std::string_view part, std::size_t, Code&) {
    stack_.push_string(part);
    return true;
  }
  bool on_key_part(std::string_view part, std::size_t, Code&) {
    names_.part(part);
    stack_.push_chars(part);
    return true;
  }
  bool on_key(std::string_view part, std::size_t, Code& code) {
    const bool fresh = names_.end(part);
    if (!fresh) refuse("Duplicate name", code);
    stack_.push_key(part);
    return fresh;
  }
  bool on_number_part(std::string_view, Code&) { return true; }
  bool on_int64(std::int64_t number, std::string_view, Code&) {
    stack_.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, std::string_view, Code&) {
    stack_.push_uint64(number);
    return true;
  }
  bool on_double(double number, std::string_view, Code& code) {
    if (!std::isfinite(number)) refuse("A number is too large", code);
    stack_.push_double(number);
    return !code;
  }
  bool on_bool(bool flag, Code&) {
    stack_.push_bool(flag);
    return true;
  }
  bool on_null(Code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(std::string_view, Code&) { return true; }
  bool on_comment(std::string_view, Code&) { return true; }

  // Null while nothing was refused.
  const char* reason() const { return reason_; }
  // The whole value, once the parser is done.
  json::value take() { return stack_.release(); }

 private:
  void refuse(const char* reason, Code& code) {
    reason_ = reason;
    code = json::error::exception;
  }

  json::value_stack stack_;
  const char* reason_ = nullptr;
  Names names_;
};

json::parse_options options() {
  json::parse_options options;
  options.max_depth = json_depth_max;
  return options;
}

}  // namespace

Result<json::value> parse_json_in(const json::storage_ptr& memory, std::string_view text) {
  json::error_code code;
  json::basic_parser<Strict> parser(options(), memory);
  const std::size_t read = parser.write_some(false, text.data(), text.size(), code);
  if (const char* reason = parser.handler().reason()) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} before byte {}", reason, read));
  }
  if (!code && read < text.size()) code = json::error::extra_data;
  if (code) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("Not JSON at byte {}: {}", read, code.message()));
  }
  return parser.handler().take();
}

Result<json::object> parse_json_object_in(const json::storage_ptr& memory, std::string_view text) {
  GH_TRY(value, parse_json_in(memory, text));
  if (!value.is_object()) return fail(ErrorCode::invalid_argument, "Not a JSON object");
  return std::move(value.get_object());
}

Result<json::value> parse_json(std::string_view text) { return parse_json_in({}, text); }
Result<json::object> parse_json_object(std::string_view text) {
  return parse_json_object_in({}, text);
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
