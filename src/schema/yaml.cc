// SPDX-License-Identifier: Apache-2.0
#include "schema/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>

namespace gatehouse::schema {

namespace {

template <typename Number>
std::optional<Number> number_from(const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

json::value scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return json::value(text);  // quoted
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true" || text == "false") return text == "true";
  // inf and nan are words to us, and so is 1.2.3.
  if (text.find_first_not_of("0123456789+-.eE") != std::string::npos) return json::value(text);
  if (const auto number = number_from<std::int64_t>(text)) return *number;
  if (const auto number = number_from<double>(text)) return *number;
  return json::value(text);
}

class Reader {
 public:
  Result<json::value> value(const YAML::Node& node, std::size_t depth);

 private:
  Result<json::value> map(const YAML::Node& node, std::size_t depth);

  std::size_t nodes_ = 0;
};

tl::unexpected<Error> broken(const YAML::Mark& mark, std::string_view why) {
  return fail(ErrorCode::invalid_argument, fmt::format("YAML line {}: {}", mark.line + 1, why));
}

Result<json::value> Reader::value(const YAML::Node& node, std::size_t depth) {
  if (depth > json_depth_max) return broken(node.Mark(), "nested too deeply");
  if (++nodes_ > yaml_nodes_max) return broken(node.Mark(), "too many values");
  if (node.IsMap()) return map(node, depth);
  if (!node.IsSequence()) return node.IsScalar() ? scalar(node) : json::value(nullptr);
  json::array array;
  for (const YAML::Node& element : node) {
    GH_TRY(item, value(element, depth + 1));
    array.push_back(std::move(item));
  }
  return array;
}

Result<json::value> Reader::map(const YAML::Node& node, std::size_t depth) {
  json::object object;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) return broken(entry.first.Mark(), "a name must be a scalar");
    const std::string& name = entry.first.Scalar();
    if (object.contains(name)) {
      return broken(entry.first.Mark(), fmt::format("'{}' stands twice", name));
    }
    GH_TRY(item, value(entry.second, depth + 1));
    object.emplace(name, std::move(item));
  }
  return object;
}

}  // namespace

Result<json::value> parse_yaml(std::string_view text) {
  try {
    return Reader().value(YAML::Load(std::string(text)), 0);
  } catch (const YAML::Exception& error) {
    return broken(error.mark, error.msg);
  }
}

}  // namespace gatehouse::schema
