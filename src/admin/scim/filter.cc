// SPDX-License-Identifier: Apache-2.0
#include "admin/scim/filter.h"

#include <array>
#include <vector>

#include "core/text.h"

namespace gatehouse::admin {

struct Filter::Node {
  enum class Kind : std::uint8_t { all, any, none, compare, present, inside };

  Kind kind = Kind::compare;
  std::vector<std::shared_ptr<const Node>> parts;  // of all, any; one of none and inside
  AttributePath path;                              // of compare, present and inside
  std::string comparison;                          // "eq", "co", ...
  json::value value;
};

namespace {

using Node = Filter::Node;
using Kind = Node::Kind;
using NodePointer = std::shared_ptr<const Node>;

constexpr std::array<std::string_view, 2> core_schemas{
    "urn:ietf:params:scim:schemas:core:2.0:user:", "urn:ietf:params:scim:schemas:core:2.0:group:"};
constexpr std::string_view extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user";
constexpr std::array<std::string_view, 9> comparisons{"eq", "ne", "co", "sw", "ew",
                                                      "gt", "ge", "lt", "le"};

tl::unexpected<Error> malformed(std::string_view why) {
  return fail(ErrorCode::invalid_argument, fmt::format("The filter cannot be read: {}", why));
}

bool is_name(std::string_view text) {
  if (text.empty()) return false;
  const char first = ascii_lower(text.front());
  if (text.front() != '$' && (first < 'a' || first > 'z')) return false;
  return text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$") == text.npos;
}

bool is_exact(std::string_view name) {
  constexpr std::array<std::string_view, 4> exact{"id", "externalid", "$ref", "version"};
  return std::ranges::find(exact, to_lower(name)) != exact.end();
}

// A word, a text in quotes, or one of ()[].
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  // The next one, which stays next; empty at the end.
  std::string_view peek() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ == text_.size()) return "";
    const std::size_t end = end_of(at_);
    return text_.substr(at_, end - at_);
  }
  std::string_view take() {
    const std::string_view word = peek();
    at_ += word.size();
    return word;
  }
  bool take_if(std::string_view word) {
    if (!equals_ignoring_case(peek(), word)) return false;
    take();
    return true;
  }

 private:
  std::size_t end_of(std::size_t start) const {
    if (text_[start] == '"') return end_of_quotes(start);
    if (std::string_view("()[]").find(text_[start]) != std::string_view::npos) return start + 1;
    const std::size_t end = text_.find_first_of(" ()[]\"", start);
    return end == text_.npos ? text_.size() : end;
  }
  std::size_t end_of_quotes(std::size_t start) const {
    for (std::size_t i = start + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '"') {
        return i + 1;
      }
    }
    return text_.size();
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : words_(text) {}

  Result<NodePointer> whole() {
    GH_TRY(node, any_of(0));
    if (!words_.peek().empty()) return malformed(fmt::format("at '{}'", words_.peek()));
    return node;
  }

 private:
  Result<NodePointer> any_of(int depth) {
    if (depth > Filter::depth_max) return malformed("it is nested too deeply");
    Node node{.kind = Kind::any, .parts = {}, .path = {}, .comparison = "", .value = nullptr};
    do {
      GH_TRY(part, all_of(depth));
      node.parts.push_back(std::move(part));
    } while (words_.take_if("or"));
    if (node.parts.size() == 1) return node.parts.front();
    return std::make_shared<const Node>(std::move(node));
  }

  Result<NodePointer> all_of(int depth) {
    Node node{.kind = Kind::all, .parts = {}, .path = {}, .comparison = "", .value = nullptr};
    do {
      GH_TRY(part, one(depth));
      node.parts.push_back(std::move(part));
    } while (words_.take_if("and"));
    if (node.parts.size() == 1) return node.parts.front();
    return std::make_shared<const Node>(std::move(node));
  }

  Result<NodePointer> one(int depth) {
    if (++terms_ > Filter::terms_max) return malformed("it has too many terms");
    if (words_.take_if("not")) {
      if (words_.peek() != "(") return malformed("'not' needs parentheses");
      GH_TRY(inner, group(depth, "(", ")"));
      Node node{.kind = Kind::none, .parts = {inner}, .path = {}, .comparison = "", .value = {}};
      return std::make_shared<const Node>(std::move(node));
    }
    if (words_.peek() == "(") return group(depth, "(", ")");
    return term(depth);
  }

  Result<NodePointer> group(int depth, std::string_view begin, std::string_view end) {
    if (!words_.take_if(begin)) return malformed(fmt::format("'{}' is missing", begin));
    GH_TRY(inner, any_of(depth + 1));
    if (!words_.take_if(end)) return malformed(fmt::format("'{}' is missing", end));
    return inner;
  }

  Result<NodePointer> term(int depth) {
    const std::string_view word = words_.take();
    const std::optional<AttributePath> path = parse_attribute_path(word);
    if (!path) return malformed(fmt::format("'{}' is no attribute", word));
    Node node{.kind = Kind::present, .parts = {}, .path = *path, .comparison = "", .value = {}};
    if (words_.peek() == "[") {
      GH_TRY(inner, group(depth, "[", "]"));
      node.kind = Kind::inside;
      node.parts.push_back(std::move(inner));
    } else if (!words_.take_if("pr")) {
      GH_CHECK(comparison(node));
    }
    return std::make_shared<const Node>(std::move(node));
  }

  Result<> comparison(Node& node) {
    node.kind = Kind::compare;
    node.comparison = to_lower(words_.take());
    if (std::ranges::find(comparisons, node.comparison) == comparisons.end()) {
      return malformed(fmt::format("'{}' is no operator", node.comparison));
    }
    const std::string_view word = words_.take();
    const Result<json::value> value = parse_json(word);
    const bool simple = value && !value->is_object() && !value->is_array();
    if (!simple) return malformed(fmt::format("'{}' is no value", word));
    node.value = *value;
    const bool of_texts =
        node.comparison == "co" || node.comparison == "sw" || node.comparison == "ew";
    if (of_texts && !node.value.is_string()) {
      return malformed(fmt::format("'{}' compares texts", node.comparison));
    }
    return {};
  }

  Words words_;
  std::size_t terms_ = 0;
};

bool compare_texts(const std::string& comparison, std::string_view left, std::string_view right) {
  if (comparison == "eq") return left == right;
  if (comparison == "ne") return left != right;
  if (comparison == "co") return left.find(right) != left.npos;
  if (comparison == "sw") return left.starts_with(right);
  if (comparison == "ew") return left.ends_with(right);
  if (comparison == "gt") return left > right;
  if (comparison == "ge") return left >= right;
  return comparison == "lt" ? left < right : left <= right;
}

bool compare_numbers(const std::string& comparison, double left, double right) {
  if (comparison == "eq") return left == right;
  if (comparison == "ne") return left != right;
  if (comparison == "gt") return left > right;
  if (comparison == "ge") return left >= right;
  return comparison == "lt" ? left < right : left <= right;
}

bool compare(const Node& node, const json::value& found) {
  const std::string_view name = node.path.sub.empty() ? node.path.name : node.path.sub;
  if (found.is_string() && node.value.is_string()) {
    const std::string left(found.get_string());
    const std::string right(node.value.get_string());
    if (is_exact(name)) return compare_texts(node.comparison, left, right);
    return compare_texts(node.comparison, to_lower(left), to_lower(right));
  }
  if (found.is_number() && node.value.is_number()) {
    return compare_numbers(node.comparison, found.to_number<double>(),
                           node.value.to_number<double>());
  }
  return node.comparison == "ne" ? found != node.value
                                 : node.comparison == "eq" && found == node.value;
}

bool is_empty(const json::value& value) {
  if (value.is_null()) return true;
  if (value.is_string()) return value.get_string().empty();
  if (value.is_array()) return value.get_array().empty();
  return value.is_object() && value.get_object().empty();
}

// Calls `judge` with each simple value that the path leads to; true when one was found good.
template <typename Judge>
bool any_value(const json::object& resource, const AttributePath& path, const Judge& judge) {
  const json::value* attribute = attribute_of(resource, path.name);
  if (attribute == nullptr) return false;
  const json::array alone{*attribute};
  for (const json::value& item : attribute->is_array() ? attribute->get_array() : alone) {
    if (!item.is_object()) {
      if (path.sub.empty() && judge(item)) return true;
      continue;
    }
    const json::value* sub = attribute_of(item.get_object(), path.sub.empty() ? "value" : path.sub);
    if (sub != nullptr && judge(*sub)) return true;
    if (sub == nullptr && path.sub.empty() && judge(item)) return true;
  }
  return false;
}

bool holds(const Node& node, const json::object& resource) {
  const auto part_holds = [&](const NodePointer& part) { return holds(*part, resource); };
  switch (node.kind) {
    case Kind::all: return std::ranges::all_of(node.parts, part_holds);
    case Kind::any: return std::ranges::any_of(node.parts, part_holds);
    case Kind::none: return !part_holds(node.parts.front());
    case Kind::present:
      return any_value(resource, node.path, [](const json::value& it) { return !is_empty(it); });
    case Kind::compare: {
      const bool found =
          any_value(resource, node.path, [&](const json::value& it) { return compare(node, it); });
      // What is not there equals null, and differs from everything else.
      const bool absent =
          !any_value(resource, node.path, [](const json::value& it) { return !is_empty(it); });
      if (!absent || found) return found;
      return node.comparison == (node.value.is_null() ? "eq" : "ne");
    }
    case Kind::inside: {
      const json::value* attribute = attribute_of(resource, node.path.name);
      if (attribute == nullptr || !attribute->is_array()) return false;
      return std::ranges::any_of(attribute->get_array(), [&](const json::value& item) {
        return item.is_object() && holds(*node.parts.front(), item.get_object());
      });
    }
  }
  GH_ASSERT_NOT_REACHED();
}

}  // namespace

std::optional<AttributePath> parse_attribute_path(std::string_view text) {
  const std::string lower = to_lower(text);
  for (const std::string_view schema : core_schemas) {
    if (lower.starts_with(schema)) text.remove_prefix(schema.size());
  }
  if (lower.starts_with(extension)) {
    const std::string name(text.substr(0, extension.size()));
    text.remove_prefix(extension.size());
    if (text.empty()) return AttributePath{name, ""};
    text.remove_prefix(1);
    if (!is_name(text)) return std::nullopt;
    return AttributePath{name, std::string(text)};
  }
  const std::size_t dot = text.find('.');
  AttributePath path{std::string(text.substr(0, dot)), ""};
  if (dot != text.npos) path.sub = text.substr(dot + 1);
  if (!is_name(path.name) || (dot != text.npos && !is_name(path.sub))) return std::nullopt;
  return path;
}

const json::value* attribute_of(const json::object& object, std::string_view name) {
  const json::value* exact = object.if_contains(name);
  if (exact != nullptr) return exact;
  for (const auto& member : object) {
    if (equals_ignoring_case(member.key(), name)) return &member.value();
  }
  return nullptr;
}

Result<Filter> Filter::parse(std::string_view text) {
  if (text.size() > length_max) return malformed("it is too long");
  GH_TRY(root, Parser(text).whole());
  return Filter(std::move(root));
}

bool Filter::matches(const json::object& resource) const { return holds(*root_, resource); }

std::optional<std::string> Filter::equals(std::string_view name) const {
  const bool just_that = root_->kind == Kind::compare && root_->comparison == "eq" &&
                         root_->value.is_string() && root_->path.sub.empty() &&
                         equals_ignoring_case(root_->path.name, name);
  if (!just_that) return std::nullopt;
  return std::string(root_->value.get_string());
}

}  // namespace gatehouse::admin
