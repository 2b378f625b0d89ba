// SPDX-License-Identifier: Apache-2.0
//
// The resource templates of one API: which operation serves a path and verb.
//
// Per segment, an exact name beats a pattern ("{id}.json" beats "{id}"), a pattern beats the
// trailing
// "*"; a choice that leads nowhere, or to a template without the verb, is taken back. HEAD is
// served by GET where HEAD is not defined. One slash at the end does not make another resource, so
// it cannot lead around the policy of the one without.
//
// Thread:  immutable once built.
// Cost:    find visits a node of the tree at most once per segment; it allocates nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::gateway {

class TemplateTree {
 public:
  using Index = std::uint32_t;
  static constexpr Index none = ~Index{0};

  // `operation` is the caller's number of it. The last of two with one template and verb counts.
  void add(std::string_view path_template, std::string_view verb, Index operation);

  // `path` is what follows the context: "" or "/...". `none`: no template with this verb matches.
  Index find(std::string_view path, std::string_view verb) const;

  // The verbs of every template that matches, sorted, for `Allow`; empty: no such resource.
  std::vector<std::string> verbs_of(std::string_view path) const;

 private:
  struct Verb {
    std::string name;
    Index operation;
  };
  using Verbs = std::vector<Verb>;

  struct Exact {
    std::string name;
    Index child;
  };
  // "{id}" has neither prefix nor suffix; "v{major}.x" has both.
  struct Pattern {
    std::string prefix;
    std::string suffix;
    Index child;
  };
  struct Node {
    std::vector<Exact> exact;       // sorted by name
    std::vector<Pattern> patterns;  // the longest literal part first
    Verbs verbs;                    // of the template that ends here
    Verbs wildcard;                 // of the one that ends here with "*"
  };

  Index child_of(Index node, std::string_view segment);
  static Index operation_of(const Verbs& verbs, std::string_view verb);

  template <typename Visit>
  Index walk(const Node& node, std::string_view rest, Visit& visit) const;

  std::vector<Node> nodes_{1};
};

}  // namespace gatehouse::gateway
