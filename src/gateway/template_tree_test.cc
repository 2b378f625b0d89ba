// SPDX-License-Identifier: Apache-2.0
#include "gateway/template_tree.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "core/text.h"

namespace gatehouse::gateway {
namespace {

struct TemplateCase {
  const char* name;
  std::vector<const char*> templates;  // "VERB /path"; the operation is the place in this list
  const char* verb;
  const char* path;
  int operation;  // -1: none
};

TemplateTree tree_of(const std::vector<const char*>& templates) {
  TemplateTree tree;
  for (std::size_t i = 0; i < templates.size(); ++i) {
    const auto words = split(templates[i], ' ');
    tree.add(words[1], words[0], static_cast<TemplateTree::Index>(i));
  }
  return tree;
}

class Templates : public ::testing::TestWithParam<TemplateCase> {};

TEST_P(Templates, ChooseTheOperation) {
  const TemplateTree tree = tree_of(GetParam().templates);
  EXPECT_EQ(static_cast<int>(tree.find(GetParam().path, GetParam().verb)), GetParam().operation);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, Templates,
    ::testing::Values(
        TemplateCase{"wildcard_takes_the_root", {"GET /*"}, "GET", "", 0},
        TemplateCase{"wildcard_takes_all_below", {"GET /*"}, "GET", "/a/b/c", 0},
        TemplateCase{"wildcard_takes_its_own_parent", {"GET /a/*"}, "GET", "/a", 0},
        TemplateCase{"wildcard_needs_its_segment", {"GET /a/*"}, "GET", "/ab", -1},
        TemplateCase{"exact_beats_pattern", {"GET /{x}", "GET /menu"}, "GET", "/menu", 1},
        TemplateCase{"pattern_beats_wildcard", {"GET /*", "GET /{x}"}, "GET", "/menu", 1},
        TemplateCase{"longer_literal_first", {"GET /{x}", "GET /{x}.json"}, "GET", "/a.json", 1},
        TemplateCase{"pattern_takes_no_empty_segment", {"GET /a/{x}/b"}, "GET", "/a//b", -1},
        TemplateCase{"pattern_takes_one_segment", {"GET /{x}"}, "GET", "/a/b", -1},
        TemplateCase{"prefix_alone_is_no_match", {"GET /v{x}"}, "GET", "/v", -1},
        TemplateCase{"choice_is_taken_back", {"GET /a/b/d", "GET /a/{x}/c"}, "GET", "/a/b/c", 1},
        TemplateCase{"verb_is_taken_back", {"POST /a", "GET /*"}, "GET", "/a", 1},
        TemplateCase{"slash_at_the_end_is_the_same", {"GET /*", "GET /a"}, "GET", "/a/", 1},
        TemplateCase{"slash_in_the_template", {"GET /a/"}, "GET", "/a", 0},
        TemplateCase{"root", {"GET /"}, "GET", "/", 0},
        TemplateCase{"case_counts", {"GET /a"}, "GET", "/A", -1},
        TemplateCase{"head_by_get", {"GET /a"}, "HEAD", "/a", 0},
        TemplateCase{"head_before_get", {"GET /a", "HEAD /a"}, "HEAD", "/a", 1},
        TemplateCase{"get_not_by_head", {"HEAD /a"}, "GET", "/a", -1}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Templates, AllowNamesTheVerbsOfEveryTemplateThatMatches) {
  const TemplateTree tree = tree_of({"POST /a", "GET /{x}", "DELETE /b"});
  EXPECT_EQ(tree.verbs_of("/a"), (std::vector<std::string>{"GET", "HEAD", "POST"}));
  EXPECT_TRUE(tree.verbs_of("/a/b").empty());
}

// The rules once more, without a tree: every template is tried, the best of those that match wins.
int rank_of(std::string_view segment, std::string_view path_segment) {
  if (segment.find('{') == std::string_view::npos) return segment == path_segment ? 0 : -1;
  return path_segment.empty() ? -1 : 1;
}

std::optional<std::vector<int>> ranks_of(std::string_view path_template, std::string_view path) {
  auto wanted = split(path_template.substr(1), '/');
  auto given = split(path.substr(1), '/');
  if (given.back().empty()) given.pop_back();
  const bool wildcard = wanted.back() == "*";
  if (wildcard) wanted.pop_back();
  if (given.size() < wanted.size() || (!wildcard && given.size() > wanted.size())) return {};
  std::vector<int> ranks;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    ranks.push_back(rank_of(wanted[i], given[i]));
    if (ranks.back() < 0) return {};
  }
  if (wildcard) ranks.push_back(2);
  return ranks;
}

TEST(Templates, AgreeWithANaiveSearchOnRandomTables) {
  SeededRandom random(42);
  const auto pick = [&](std::initializer_list<const char*> of) {
    return std::string(std::data(of)[random.number() % of.size()]);
  };
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::string> templates;
    TemplateTree tree;
    for (TemplateTree::Index i = 0; i < 6; ++i) {
      std::string path;
      const auto depth = 1 + random.number() % 4;
      for (std::uint64_t d = 0; d < depth; ++d) path += "/" + pick({"a", "b", "c", "{x}"});
      if (random.number() % 3 == 0) path += "/*";
      std::erase(templates, path);
      templates.push_back(path);
    }
    for (std::size_t i = 0; i < templates.size(); ++i) {
      tree.add(templates[i], "GET", static_cast<TemplateTree::Index>(i));
    }
    for (int probe = 0; probe < 20; ++probe) {
      std::string path;
      const auto depth = 1 + random.number() % 5;
      for (std::uint64_t d = 0; d < depth; ++d) path += "/" + pick({"a", "b", "c", "d"});
      auto best = TemplateTree::none;
      std::optional<std::vector<int>> best_ranks;
      for (std::size_t i = 0; i < templates.size(); ++i) {
        const auto ranks = ranks_of(templates[i], path);
        if (!ranks || (best_ranks && *best_ranks <= *ranks)) continue;
        best_ranks = ranks;
        best = static_cast<TemplateTree::Index>(i);
      }
      ASSERT_EQ(tree.find(path, "GET"), best) << path << " in " << join(templates, " ");
    }
  }
}

}  // namespace
}  // namespace gatehouse::gateway
