// SPDX-License-Identifier: Apache-2.0
//
// Finds the operations of a path: literal segments win over {parameters}, and a parameter takes
// exactly one segment.
//
// Thread:  built at start, then read by any thread.
// Cost:    one step per segment, more only where a literal and a parameter both fit.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace gatehouse::rest {

struct Route;  // an operation and its handler

class RouteTree {
 public:
  // Templates may name one place differently: GET /roles/{id} and DELETE /roles/{name}.
  struct Target {
    const Route* route = nullptr;
    std::vector<std::string> names;  // of the parameters, in the order of the path
  };
  using Methods = std::map<std::string, Target, std::less<>>;

  // `path` is a template: "/apis/{apiId}".
  void add(std::string_view path, const std::string& method, const Route* route);

  // The methods at a path, or null; `values` are the decoded parameters, in the order of the path.
  // `path` is still percent-encoded, so that an encoded '/' stays within its segment.
  const Methods* find(std::string_view path, std::vector<std::string>& values) const;

 private:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> parameter;
    Methods methods;
  };

  const Node* walk(const Node& node, const std::vector<std::string>& segments, std::size_t at,
                   std::vector<std::string>& values) const;

  Node root_;
};

}  // namespace gatehouse::rest
