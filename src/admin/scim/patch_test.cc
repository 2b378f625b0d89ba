// SPDX-License-Identifier: Apache-2.0
#include "admin/scim/patch.h"

#include <gtest/gtest.h>

namespace gatehouse::admin {
namespace {

constexpr const char* before = R"({"userName":"anna","active":true,"name":{"familyName":"A"},
  "emails":[{"value":"a@w","type":"work","primary":true},{"value":"a@h","type":"home"}],
  "members":[{"value":"1"},{"value":"2"}]})";

struct PatchCase {
  const char* name;
  const char* operations;
  const char* changed;  // members that differ afterwards, or the SCIM type of the refusal
};

class Patches : public ::testing::TestWithParam<PatchCase> {};

TEST_P(Patches, ChangeWhatTheyName) {
  json::object resource = parse_json_object(before).value();
  const json::object body{{"Operations", parse_json(GetParam().operations).value()}};
  const Result<> done = apply_patch(body, resource);
  const std::string expected = GetParam().changed;
  if (!expected.starts_with('{')) {
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().detail, expected);
    return;
  }
  ASSERT_TRUE(done) << done.error().message;
  json::object wanted = parse_json_object(before).value();
  const json::object changed = parse_json_object(expected).value();
  for (const auto& member : changed) {
    if (member.value().is_null()) {
      wanted.erase(member.key());
    } else {
      wanted[member.key()] = member.value();
    }
  }
  EXPECT_EQ(json::value(resource), json::value(wanted)) << json::serialize(resource);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc7644, Patches,
    ::testing::Values(
        PatchCase{"replace", R"([{"op":"replace","path":"userName","value":"b"}])",
                  R"({"userName":"b"})"},
        PatchCase{"operations_without_case", R"([{"op":"Replace","path":"USERNAME","value":"b"}])",
                  R"({"userName":"b"})"},
        PatchCase{"add_new", R"([{"op":"add","path":"title","value":"x"}])", R"({"title":"x"})"},
        PatchCase{"remove", R"([{"op":"remove","path":"name"}])", R"({"name":null})"},
        PatchCase{"remove_absent", R"([{"op":"remove","path":"title"}])", "{}"},
        PatchCase{"sub_attribute", R"([{"op":"replace","path":"name.familyName","value":"B"}])",
                  R"({"name":{"familyName":"B"}})"},
        PatchCase{"new_complex", R"([{"op":"add","path":"x.y","value":"B"}])",
                  R"({"x":{"y":"B"}})"},
        PatchCase{"complex_is_merged", R"([{"op":"add","path":"name","value":{"givenName":"C"}}])",
                  R"({"name":{"familyName":"A","givenName":"C"}})"},
        PatchCase{"without_path",
                  R"([{"op":"replace","value":{"active":false,"name.givenName":"D"}}])",
                  R"({"active":false,"name":{"familyName":"A","givenName":"D"}})"},
        PatchCase{"flag_as_text", R"([{"op":"replace","path":"active","value":"False"}])",
                  R"({"active":false})"},
        PatchCase{"add_member", R"([{"op":"add","path":"members","value":[{"value":"3"}]}])",
                  R"({"members":[{"value":"1"},{"value":"2"},{"value":"3"}]})"},
        PatchCase{"add_known_member", R"([{"op":"add","path":"members","value":[{"value":"2"}]}])",
                  "{}"},
        PatchCase{"remove_by_filter", R"([{"op":"remove","path":"members[value eq \"1\"]"}])",
                  R"({"members":[{"value":"2"}]})"},
        PatchCase{"remove_by_value",
                  R"([{"op":"remove","path":"members","value":[{"value":"1"}]}])",
                  R"({"members":[{"value":"2"}]})"},
        PatchCase{"remove_all", R"([{"op":"remove","path":"members"}])", R"({"members":null})"},
        PatchCase{"replace_members", R"([{"op":"replace","path":"members","value":[]}])",
                  R"({"members":[]})"},
        PatchCase{"value_of_one",
                  R"([{"op":"replace","path":"emails[type eq \"home\"].value","value":"b@h"}])",
                  R"({"emails":[{"value":"a@w","type":"work","primary":true},
                     {"value":"b@h","type":"home"}]})"},
        PatchCase{"one_primary",
                  R"([{"op":"add","path":"emails","value":{"value":"c","primary":true}}])",
                  R"({"emails":[{"value":"a@w","type":"work","primary":false},
                     {"value":"a@h","type":"home"},{"value":"c","primary":true}]})"},
        PatchCase{"in_their_order",
                  R"([{"op":"add","path":"title","value":"x"},{"op":"remove","path":"title"}])",
                  "{}"},
        PatchCase{"no_target",
                  R"([{"op":"replace","path":"emails[type eq \"car\"].value","value":"x"}])",
                  "noTarget"},
        PatchCase{"remove_without_path", R"([{"op":"remove"}])", "noTarget"},
        PatchCase{"no_operation", R"([{"op":"move","path":"a","value":1}])", "invalidSyntax"},
        PatchCase{"no_value", R"([{"op":"add","path":"title"}])", "invalidValue"},
        PatchCase{"no_object", R"([{"op":"add","value":"x"}])", "invalidValue"},
        PatchCase{"no_path", R"([{"op":"add","path":"a..b","value":1}])", "invalidPath"},
        PatchCase{"no_filter", R"([{"op":"add","path":"emails[x]","value":1}])", "invalidFilter"},
        PatchCase{"none", "[]", "invalidSyntax"},
        PatchCase{"no_list", R"({"op":"add"})", "invalidSyntax"}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace gatehouse::admin
