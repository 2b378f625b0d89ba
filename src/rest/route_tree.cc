// SPDX-License-Identifier: Apache-2.0
#include "rest/route_tree.h"

#include "core/text.h"

namespace gatehouse::rest {

namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  return split(path, '/');
}

}  // namespace

void RouteTree::add(std::string_view path, const std::string& method, const Route* route) {
  Node* node = &root_;
  std::vector<std::string> names;
  for (const std::string_view segment : segments_of(path)) {
    const bool is_parameter = segment.starts_with('{') && segment.ends_with('}');
    if (is_parameter) names.emplace_back(segment.substr(1, segment.size() - 2));
    std::unique_ptr<Node>& next =
        is_parameter ? node->parameter : node->literals[std::string(segment)];
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  node->methods[method] = {route, std::move(names)};
}

const RouteTree::Methods* RouteTree::find(std::string_view path,
                                          std::vector<std::string>& values) const {
  std::vector<std::string> segments;
  for (const std::string_view segment : segments_of(path)) {
    Result<std::string> decoded = percent_decode(segment);
    if (!decoded) return nullptr;
    segments.push_back(*std::move(decoded));
  }
  const Node* node = walk(root_, segments, 0, values);
  return node == nullptr ? nullptr : &node->methods;
}

const RouteTree::Node* RouteTree::walk(const Node& node, const std::vector<std::string>& segments,
                                       std::size_t at, std::vector<std::string>& values) const {
  if (at == segments.size()) return node.methods.empty() ? nullptr : &node;
  if (const auto literal = node.literals.find(segments[at]); literal != node.literals.end()) {
    const Node* found = walk(*literal->second, segments, at + 1, values);
    if (found != nullptr) return found;
  }
  if (!node.parameter || segments[at].empty()) return nullptr;
  values.push_back(segments[at]);
  const Node* found = walk(*node.parameter, segments, at + 1, values);
  if (found == nullptr) values.pop_back();
  return found;
}

}  // namespace gatehouse::rest
