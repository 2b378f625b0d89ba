// SPDX-License-Identifier: Apache-2.0
#include "gateway/template_tree.h"

#include <algorithm>
#include <set>

namespace gatehouse::gateway {

namespace {

// Takes the first segment from `rest`, which begins with a slash.
std::string_view take_segment(std::string_view& rest) {
  rest.remove_prefix(1);
  const std::size_t end = std::min(rest.find('/'), rest.size());
  const std::string_view segment = rest.substr(0, end);
  rest.remove_prefix(end);
  return segment;
}

bool at_end(std::string_view rest) { return rest.empty() || rest == "/"; }

bool fits(std::string_view segment, std::string_view prefix, std::string_view suffix) {
  return segment.size() > prefix.size() + suffix.size() && segment.starts_with(prefix) &&
         segment.ends_with(suffix);
}

}  // namespace

TemplateTree::Index TemplateTree::child_of(Index node, std::string_view segment) {
  const auto fresh = static_cast<Index>(nodes_.size());
  const std::size_t open = segment.find('{');
  const std::size_t close = segment.rfind('}');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    auto& exact = nodes_[node].exact;
    const auto place = std::lower_bound(
        exact.begin(), exact.end(), segment,
        [](const Exact& child, std::string_view name) { return child.name < name; });
    if (place != exact.end() && place->name == segment) return place->child;
    exact.insert(place, Exact{std::string(segment), fresh});
  } else {
    const std::string_view prefix = segment.substr(0, open);
    const std::string_view suffix = segment.substr(close + 1);
    auto& patterns = nodes_[node].patterns;
    for (const Pattern& pattern : patterns) {
      if (pattern.prefix == prefix && pattern.suffix == suffix) return pattern.child;
    }
    const auto literal = [](const Pattern& p) { return p.prefix.size() + p.suffix.size(); };
    const Pattern added{std::string(prefix), std::string(suffix), fresh};
    const auto place = std::find_if(patterns.begin(), patterns.end(), [&](const Pattern& pattern) {
      return literal(pattern) < literal(added);
    });
    patterns.insert(place, added);
  }
  nodes_.emplace_back();
  return fresh;
}

void TemplateTree::add(std::string_view path_template, std::string_view verb, Index operation) {
  Index node = 0;
  bool wildcard = false;
  while (!at_end(path_template) && !wildcard) {
    const std::string_view segment = take_segment(path_template);
    wildcard = segment == "*" && path_template.empty();
    if (!wildcard) node = child_of(node, segment);
  }
  Verbs& verbs = wildcard ? nodes_[node].wildcard : nodes_[node].verbs;
  std::erase_if(verbs, [&](const Verb& there) { return there.name == verb; });
  verbs.push_back({std::string(verb), operation});
}

TemplateTree::Index TemplateTree::operation_of(const Verbs& verbs, std::string_view verb) {
  for (const Verb& there : verbs) {
    if (there.name == verb) return there.operation;
  }
  return verb == "HEAD" ? operation_of(verbs, "GET") : none;
}

// Calls `visit` with the verbs of each template that matches, the best first, until it answers an
// operation.
template <typename Visit>
TemplateTree::Index TemplateTree::walk(const Node& node, std::string_view rest,
                                       Visit& visit) const {
  if (at_end(rest)) {
    const Index operation = visit(node.verbs);
    return operation != none ? operation : visit(node.wildcard);
  }
  std::string_view tail = rest;
  const std::string_view segment = take_segment(tail);
  const auto exact =
      std::lower_bound(node.exact.begin(), node.exact.end(), segment,
                       [](const Exact& child, std::string_view name) { return child.name < name; });
  if (exact != node.exact.end() && exact->name == segment) {
    const Index operation = walk(nodes_[exact->child], tail, visit);
    if (operation != none) return operation;
  }
  for (const Pattern& pattern : node.patterns) {
    if (!fits(segment, pattern.prefix, pattern.suffix)) continue;
    const Index operation = walk(nodes_[pattern.child], tail, visit);
    if (operation != none) return operation;
  }
  return visit(node.wildcard);
}

TemplateTree::Index TemplateTree::find(std::string_view path, std::string_view verb) const {
  const auto visit = [verb](const Verbs& verbs) { return operation_of(verbs, verb); };
  return walk(nodes_.front(), path, visit);
}

std::vector<std::string> TemplateTree::verbs_of(std::string_view path) const {
  std::set<std::string> names;
  const auto visit = [&](const Verbs& verbs) {
    for (const Verb& verb : verbs) {
      names.insert(verb.name);
      if (verb.name == "GET") names.insert("HEAD");
    }
    return none;
  };
  walk(nodes_.front(), path, visit);
  return {names.begin(), names.end()};
}

}  // namespace gatehouse::gateway
