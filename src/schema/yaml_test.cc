// SPDX-License-Identifier: Apache-2.0
#include "schema/yaml.h"

#include <gtest/gtest.h>

namespace gatehouse::schema {
namespace {

struct YamlCase {
  const char* name;
  const char* yaml;
  const char* json;  // null: must be refused
};

class Yaml : public ::testing::TestWithParam<YamlCase> {};

TEST_P(Yaml, BecomesJson) {
  const auto value = parse_yaml(GetParam().yaml);
  if (GetParam().json != nullptr) {
    ASSERT_TRUE(value) << value.error().message;
    EXPECT_EQ(*value, json::parse(GetParam().json));
  } else {
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().code, ErrorCode::invalid_argument);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Values, Yaml,
    ::testing::Values(YamlCase{"core_schema", "[1, -2.5, true, null, ~, text, 1.2.3, yes, 0x10]",
                               R"([1,-2.5,true,null,null,"text","1.2.3","yes","0x10"])"},
                      YamlCase{"quoted_is_text", "['1', \"true\", '']", R"(["1","true",""])"},
                      YamlCase{"names_are_text", "200: ok\ntrue: x", R"({"200":"ok","true":"x"})"},
                      YamlCase{"dates_are_text", "at: 2024-13-45", R"({"at":"2024-13-45"})"},
                      YamlCase{"anchors", "a: &x {b: 1}\nc: *x", R"({"a":{"b":1},"c":{"b":1}})"},
                      YamlCase{"name_twice", "a: 1\na: 2", nullptr},
                      YamlCase{"name_is_a_map", "{a: 1}: 2", nullptr},
                      YamlCase{"not_yaml", "a: [1", nullptr},
                      YamlCase{"unknown_anchor", "a: *x", nullptr}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Yaml, AliasesCannotGrowWithoutLimit) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += (j ? ", *a" : "*a") + std::to_string(i - 1);
    text += "]\n";
  }
  const auto value = parse_yaml(text);
  ASSERT_FALSE(value);
  EXPECT_NE(value.error().message.find("too many values"), std::string::npos);
}

TEST(Yaml, DepthIsLimited) {
  EXPECT_FALSE(parse_yaml(std::string(100, '[') + std::string(100, ']')));
}

}  // namespace
}  // namespace gatehouse::schema
