// SPDX-License-Identifier: Apache-2.0
#include "core/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace gatehouse {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + "1" + std::string(depth, ']');
}

TEST(Json, IsReadAndWrittenUnchanged) {
  const char* text = R"({"b":[1,-2,3.5e0,null,true],"a":"ü\n"})";
  const Result<json::value> value = parse_json(text);
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(json::serialize(*value), R"({"b":[1,-2,3.5E0,null,true],"a":"ü\n"})");
}

struct RefusedCase {
  const char* name;
  std::string text;
  const char* message;  // a part of it
};

class RefusedJson : public ::testing::TestWithParam<RefusedCase> {};

TEST_P(RefusedJson, SaysWhatIsWrong) {
  const Result<json::value> value = parse_json(GetParam().text);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(value.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Rfc8259, RefusedJson,
    ::testing::Values(
        RefusedCase{"empty", "", "Not JSON"}, RefusedCase{"cut", "{\"a\":", "Not JSON"},
        RefusedCase{"two_values", "1 2", "Not JSON"},
        RefusedCase{"trailing_comma", "[1,]", "byte 3"},
        RefusedCase{"comment", "[1] // one", "Not JSON"},
        RefusedCase{"single_quotes", "{'a':1}", "byte 1"},
        RefusedCase{"not_a_number", "[NaN]", "Not JSON"},
        RefusedCase{"infinite", "[1, 1e400]", "A number is too large"},
        RefusedCase{"infinite_below_zero", "-1e309", "A number is too large"},
        RefusedCase{"infinite_by_its_digits", std::string(400, '9'), "A number is too large"},
        RefusedCase{"leading_zero", "[01]", "Not JSON"},
        RefusedCase{"raw_control_byte", "\"a\nb\"", "Not JSON"},
        RefusedCase{"broken_utf8", "\"\xC0\xAF\"", "Not JSON"},
        RefusedCase{"lone_surrogate", R"("\ud800")", "Not JSON"},
        RefusedCase{"same_name", R"({"a":1,"a":2})", "Duplicate name"},
        RefusedCase{"same_name_escaped", R"({"ab":1,"\u0061b":2})", "Duplicate name"},
        RefusedCase{"same_name_inside", R"([{"x":{"a":1,"b":2,"a":3}}])", "Duplicate name"},
        RefusedCase{"too_deep", nested(json_depth_max + 1), "Not JSON"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Json, DepthUpToTheLimitIsRead) { EXPECT_TRUE(parse_json(nested(json_depth_max))); }

TEST(Json, NumbersUpToTheLargestDoubleAreRead) {
  const Result<json::value> value = parse_json("[1.7976931348623157e308, -1e308, 1e-400]");
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(value->at(0).as_double(), std::numeric_limits<double>::max());
  EXPECT_EQ(value->at(2).as_double(), 0);
}

TEST(Json, OneNameInTwoObjectsIsNoDuplicate) {
  EXPECT_TRUE(parse_json(R"([{"a":{"a":1}},{"a":2}])"));
}

// More names than are compared one by one, around an object that has as many.
TEST(Json, ANameIsFoundAmongManyAndInItsOwnObjectOnly) {
  std::string names;
  for (int i = 0; i < 100; ++i) names += "\"n" + std::to_string(i) + "\":1,";
  const std::string whole = "{" + names + "\"in\":{" + names + "\"end\":1}";
  EXPECT_TRUE(parse_json(whole + ",\"last\":{\"n0\":1}}"));
  for (const char* again : {"n0", "n31", "n32", "n99", "in"}) {
    EXPECT_FALSE(parse_json(whole + ",\"" + again + "\":2}")) << again;
  }
  EXPECT_FALSE(parse_json("{\"in\":{" + names + "\"n7\":1}}"));
}

TEST(Json, AnObjectIsAskedForByName) {
  EXPECT_TRUE(parse_json_object(R"({"a":1})"));
  const Result<json::object> array = parse_json_object("[1]");
  ASSERT_FALSE(array);
  EXPECT_EQ(array.error().code, ErrorCode::invalid_argument);
}

TEST(Json, MembersOfAnotherTypeReadAsTheFallback) {
  const Result<json::object> read =
      parse_json_object(R"({"text":"x","number":7,"big":18446744073709551615,"flag":true,)"
                        R"("list":["a",1,"b"],"in":{}})");
  ASSERT_TRUE(read) << read.error().message;
  const json::object& object = *read;
  EXPECT_EQ(text_or(object, "text", "none"), "x");
  EXPECT_EQ(text_or(object, "number", "none"), "none");
  EXPECT_EQ(text_or(object, "absent", "none"), "none");
  EXPECT_EQ(number_or(object, "number", -1), 7);
  EXPECT_EQ(number_or(object, "text", -1), -1);
  EXPECT_EQ(number_or(object, "big", -1), -1);
  EXPECT_TRUE(flag_or(object, "flag", false));
  EXPECT_TRUE(flag_or(object, "text", true));
  EXPECT_THAT(texts_of(object, "list"), ElementsAre("a", "b"));
  EXPECT_THAT(texts_of(object, "text"), IsEmpty());
  EXPECT_NE(object_at(object, "in"), nullptr);
  EXPECT_EQ(object_at(object, "list"), nullptr);
  EXPECT_NE(array_at(object, "list"), nullptr);
  EXPECT_EQ(array_at(object, "absent"), nullptr);
  EXPECT_EQ(json::serialize(to_json({"a", "b"})), R"(["a","b"])");
}

}  // namespace
}  // namespace gatehouse
