// SPDX-License-Identifier: Apache-2.0
#include "schema/validator.h"

#include <gtest/gtest.h>

namespace gatehouse::schema {
namespace {

const json::object& components() {
  static const json::object document = json::parse(R"({
    "components": {"schemas": {
      "Operation": {
        "type": "object", "required": ["target", "verb"],
        "properties": {
          "target": {"type": "string", "minLength": 1},
          "verb": {"type": "string", "enum": ["GET", "PUT"]},
          "auth": {"type": "string", "default": "Any"},
          "id": {"type": "string", "readOnly": true}}},
      "Base": {"type": "object", "required": ["name"],
               "properties": {"name": {"type": "string", "maxLength": 5}}},
      "Limit": {"allOf": [{"$ref": "#/components/schemas/Base"},
                          {"type": "object", "required": ["count"],
                           "properties": {"count": {"type": "integer", "minimum": 1}}}]},
      "Tree": {"type": "object",
               "properties": {"left": {"$ref": "#/components/schemas/Tree"}}},
      "Loop": {"$ref": "#/components/schemas/Loop"}}}})")
                                           .as_object();
  return document;
}

struct Case {
  const char* name;
  const char* schema;
  const char* value;
  const char* becomes;  // the value after the check; null when it must be refused
  const char* complaint = "";
};

class SchemaCheck : public ::testing::TestWithParam<Case> {};

TEST_P(SchemaCheck, TakesWhatFitsAndNamesWhatDoesNot) {
  const json::object schema = json::parse(GetParam().schema).as_object();
  json::value value = json::parse(GetParam().value);
  const Result<> done = Validator(components()).check(schema, value);
  if (GetParam().becomes != nullptr) {
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(value, json::parse(GetParam().becomes));
  } else {
    ASSERT_FALSE(done) << json::serialize(value);
    EXPECT_EQ(done.error().message, GetParam().complaint);
  }
}

const auto name_of = [](const auto& row) { return std::string(row.param.name); };

INSTANTIATE_TEST_SUITE_P(
    Scalars, SchemaCheck,
    ::testing::Values(
        Case{"string", R"({"type":"string"})", R"("a")", R"("a")"},
        Case{"number_is_no_string", R"({"type":"string"})", "1", nullptr, "/: must be a string"},
        Case{"whole_number", R"({"type":"integer"})", "7", "7"},
        Case{"whole_number_with_point", R"({"type":"integer"})", "7.0", "7.0"},
        Case{"fraction_is_not_whole", R"({"type":"integer"})", "7.5", nullptr,
             "/: must be a whole number"},
        Case{"number", R"({"type":"number"})", "7.5", "7.5"},
        Case{"text_is_no_flag", R"({"type":"boolean"})", R"("true")", nullptr,
             "/: must be true or false"},
        Case{"null_refused", R"({"type":"string"})", "null", nullptr, "/: must not be null"},
        Case{"null_allowed", R"({"type":"string","nullable":true})", "null", "null"},
        Case{"enum_value", R"({"enum":["a",2]})", "2", "2"},
        Case{"enum_refused", R"({"enum":["a",2]})", R"("b")", nullptr, "/: must be one of a, 2"},
        Case{"length_counts_characters", R"({"type":"string","maxLength":2})", R"("äö")",
             R"("äö")"},
        Case{"too_long", R"({"type":"string","maxLength":2})", R"("abc")", nullptr,
             "/: must have at most 2 characters"},
        Case{"too_short", R"({"type":"string","minLength":1})", R"("")", nullptr,
             "/: must have at least 1 characters"},
        Case{"pattern", R"({"type":"string","pattern":"^[a-z]+$"})", R"("abc")", R"("abc")"},
        Case{"pattern_searches", R"({"type":"string","pattern":"b"})", R"("abc")", R"("abc")"},
        Case{"pattern_refused", R"({"type":"string","pattern":"^[a-z]+$"})", R"("aBc")", nullptr,
             "/: must match ^[a-z]+$"},
        Case{"pattern_is_broken", R"({"type":"string","pattern":"("})", R"("a")", nullptr,
             "A schema's pattern is wrong"},
        Case{"uuid", R"({"type":"string","format":"uuid"})", R"("nope")", nullptr,
             "/: must be a UUID"},
        Case{"minimum", R"({"type":"integer","minimum":1})", "0", nullptr, "/: must be at least 1"},
        Case{"minimum_itself", R"({"type":"integer","minimum":1})", "1", "1"},
        Case{"exclusive_maximum", R"({"maximum":5,"exclusiveMaximum":true})", "5", nullptr,
             "/: must be less than 5"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Objects, SchemaCheck,
    ::testing::Values(
        Case{"read_only_is_dropped_and_default_filled_in",
             R"({"$ref":"#/components/schemas/Operation"})",
             R"({"target":"/*","verb":"GET","id":7})",
             R"({"target":"/*","verb":"GET","auth":"Any"})"},
        Case{"unknown_field", R"({"$ref":"#/components/schemas/Operation"})",
             R"({"target":"/*","verb":"GET","a/b~c":1})", nullptr, "/a~1b~0c: unknown field"},
        Case{"required_field", R"({"$ref":"#/components/schemas/Operation"})", R"({"target":"/*"})",
             nullptr, "/verb: required"},
        Case{"required_null", R"({"$ref":"#/components/schemas/Operation"})",
             R"({"target":"/*","verb":null})", nullptr, "/verb: must not be null"},
        Case{"optional_null_is_absent", R"({"$ref":"#/components/schemas/Operation"})",
             R"({"target":"/*","verb":"PUT","auth":null})",
             R"({"target":"/*","verb":"PUT","auth":"Any"})"},
        Case{"path_leads_into_arrays",
             R"({"type":"object","properties":{"operations":{"type":"array",
             "items":{"$ref":"#/components/schemas/Operation"}}}})",
             R"({"operations":[{"target":"/","verb":"GET"},{"target":"/","verb":"FETCH"}]})",
             nullptr, "/operations/1/verb: must be one of GET, PUT"},
        Case{"without_properties_anything_goes", R"({"type":"object"})", R"({"a":1})",
             R"({"a":1})"},
        Case{"invited_others",
             R"({"type":"object","properties":{"a":{}},"additionalProperties":true})",
             R"({"a":1,"b":null})", R"({"a":1,"b":null})"},
        Case{"others_have_a_schema",
             R"({"type":"object","additionalProperties":{"type":"string"}})", R"({"a":"x","b":1})",
             nullptr, "/b: must be a string"},
        Case{"closed_without_properties", R"({"type":"object","additionalProperties":false})",
             R"({"a":1})", nullptr, "/a: unknown field"},
        Case{"all_of_joins_properties", R"({"$ref":"#/components/schemas/Limit"})",
             R"({"name":"n","count":1})", R"({"name":"n","count":1})"},
        Case{"all_of_joins_demands", R"({"$ref":"#/components/schemas/Limit"})", R"({"count":1})",
             nullptr, "/name: required"},
        Case{"all_of_is_closed", R"({"$ref":"#/components/schemas/Limit"})",
             R"({"name":"n","count":1,"x":1})", nullptr, "/x: unknown field"},
        Case{"a_schema_may_contain_itself", R"({"$ref":"#/components/schemas/Tree"})",
             R"({"left":{"left":{}}})", R"({"left":{"left":{}}})"},
        Case{"a_circle_ends", R"({"$ref":"#/components/schemas/Loop"})", "1", nullptr,
             "A schema refers to itself"},
        Case{"a_reference_to_nothing", R"({"$ref":"#/components/schemas/No"})", "1", nullptr,
             "A schema refers to nothing: \"#/components/schemas/No\""}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Choices, SchemaCheck,
    ::testing::Values(
        Case{"any_of", R"({"anyOf":[{"type":"integer"},{"type":"string","pattern":"^[0-9]+$"}]})",
             R"("36")", R"("36")"},
        Case{"any_of_none", R"({"anyOf":[{"type":"integer"},{"type":"boolean"}]})", R"("36")",
             nullptr, "/: fits none of the allowed forms"},
        Case{"one_of_by_required",
             R"({"type":"object","oneOf":[{"required":["a"]},{"required":["b"]}],
             "properties":{"a":{},"b":{}}})",
             R"({"b":1})", R"({"b":1})"},
        Case{"one_of_both",
             R"({"type":"object","oneOf":[{"required":["a"]},{"required":["b"]}],
             "properties":{"a":{},"b":{}}})",
             R"({"a":1,"b":1})", nullptr, "/: fits more than one of the allowed forms"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Arrays, SchemaCheck,
    ::testing::Values(Case{"too_few", R"({"type":"array","minItems":1})", "[]", nullptr,
                           "/: must have at least 1 elements"},
                      Case{"too_many", R"({"type":"array","maxItems":1})", "[1,2]", nullptr,
                           "/: must have at most 1 elements"},
                      Case{"twice", R"({"type":"array","uniqueItems":true})", R"([1,"1",1])",
                           nullptr, "/: must not hold an element twice"},
                      Case{"wrong_element", R"({"type":"array","items":{"type":"string"}})",
                           R"(["a",1])", nullptr, "/1: must be a string"}),
    name_of);

TEST(SchemaFromText, GivesTheTypeThatTheSchemaWants) {
  const Validator validator(components());
  const auto read = [&](const char* schema, const char* text) {
    return json::serialize(validator.from_text(json::parse(schema).as_object(), text));
  };
  EXPECT_EQ(read(R"({"type":"integer"})", "25"), "25");
  EXPECT_EQ(read(R"({"type":"integer"})", "25x"), R"("25x")");
  EXPECT_EQ(read(R"({"type":"number"})", "2.5"), "2.5E0");
  for (const char* word : {"inf", "-inf", "nan", "1e400"}) {
    EXPECT_EQ(read(R"({"type":"number"})", word), "\"" + std::string(word) + "\"");
  }
  EXPECT_EQ(read(R"({"type":"boolean"})", "true"), "true");
  EXPECT_EQ(read(R"({"type":"boolean"})", "TRUE"), R"("TRUE")");
  EXPECT_EQ(read(R"({"type":"string"})", "25"), R"("25")");
  EXPECT_EQ(read(R"({"type":"array","items":{"type":"integer"}})", "1, 2,x"), R"([1,2,"x"])");
}

}  // namespace
}  // namespace gatehouse::schema
