// SPDX-License-Identifier: Apache-2.0
#include "core/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace gatehouse {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Text, CaseIsThatOfAsciiOnly) {
  EXPECT_EQ(to_lower("HeLLo-42 \xC3\x84"), "hello-42 \xC3\x84");
  EXPECT_TRUE(equals_ignoring_case("Content-Type", "content-TYPE"));
  EXPECT_FALSE(equals_ignoring_case("content", "content-type"));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));  // these differ by the bit of case
}

TEST(Text, TrimTakesSpacesAndTabsAtBothEndsAndNothingElse) {
  EXPECT_EQ(trim(" \t a b\t "), "a b");
  EXPECT_EQ(trim("\r\na"), "\r\na");
  EXPECT_EQ(trim(" \t"), "");
}

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
}

TEST(Text, WordsOfScopesHaveNoEmptyOnes) {
  EXPECT_THAT(split_words("  apim:api_view   openid "), ElementsAre("apim:api_view", "openid"));
  EXPECT_THAT(split_words("  "), IsEmpty());
  EXPECT_EQ(join({"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_EQ(join({"", "b"}, ","), ",b");
}

struct NumberCase {
  const char* text;
  std::optional<std::uint64_t> number;  // empty: the text must be refused
};

class Number : public ::testing::TestWithParam<NumberCase> {};

TEST_P(Number, IsDecimalDigitsOnly) { EXPECT_EQ(parse_number(GetParam().text), GetParam().number); }

INSTANTIATE_TEST_SUITE_P(
    Texts, Number,
    ::testing::Values(NumberCase{"0", 0}, NumberCase{"007", 7},
                      NumberCase{"18446744073709551615", ~0ULL},
                      NumberCase{"18446744073709551616", std::nullopt},
                      NumberCase{"", std::nullopt}, NumberCase{"+1", std::nullopt},
                      NumberCase{"-1", std::nullopt}, NumberCase{" 1", std::nullopt},
                      NumberCase{"1 ", std::nullopt}, NumberCase{"0x10", std::nullopt}));

// RFC 4648, section 10.
TEST(Base64, AgreesWithTheVectorsOfItsStandard) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    const Result<std::string> decoded = from_base64(text);
    ASSERT_TRUE(decoded) << text;
    EXPECT_EQ(*decoded, bytes);
  }
}

TEST(Base64, OfUrlsUsesItsOwnAlphabetWithoutPadding) {
  const std::string bytes("\xfb\xff\xfe\x00", 4);
  EXPECT_EQ(to_base64(bytes), "+//+AA==");
  EXPECT_EQ(to_base64url(bytes), "-__-AA");
  const Result<std::string> decoded = from_base64url("-__-AA");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, bytes);
}

TEST(Base64, IsReadStrictly) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Z", "Zh==", "Zm9=", "Zm 9v", "=Zm9",
                           "Zg==Zg==", "-__-AA==", "===="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
  for (const char* text : {"Z", "Zh", "Zm9v=", "+//+AA", "Zm 9"}) {
    EXPECT_FALSE(from_base64url(text)) << text;
  }
}

TEST(Percent, CodesEveryByteButTheUnreserved) {
  EXPECT_EQ(percent_encode("aZ09-._~ /?\xff"), "aZ09-._~%20%2F%3F%FF");
  EXPECT_EQ(percent_decode("a%20b%2fc+").value_or("refused"), "a b/c+");
  EXPECT_EQ(percent_decode("%00").value_or("refused"), std::string(1, '\0'));
}

TEST(Percent, BrokenCodesAreRefused) {
  for (const char* text : {"%", "%2", "a%", "%zz", "%2g", "%%20"}) {
    EXPECT_FALSE(percent_decode(text)) << text;
  }
}

TEST(Form, FieldsComeDecodedAndInOrder) {
  const auto fields = parse_form("scope=a+b%2Bc&empty=&flag&scope=d=e&&");
  ASSERT_TRUE(fields);
  EXPECT_THAT(*fields, ElementsAre(Pair("scope", "a b+c"), Pair("empty", ""), Pair("flag", ""),
                                   Pair("scope", "d=e")));
}

TEST(Form, BrokenOrEndlessOnesAreRefused) {
  EXPECT_FALSE(parse_form("a=%4"));
  EXPECT_FALSE(parse_form("%4=a"));
  EXPECT_TRUE(parse_form("a&b", 2));
  EXPECT_FALSE(parse_form("a&b&c", 2));
}

struct Utf8Case {
  const char* name;
  std::string_view text;
  bool valid;
};

class Utf8 : public ::testing::TestWithParam<Utf8Case> {};

TEST_P(Utf8, IsWellFormedOrNot) { EXPECT_EQ(is_utf8(GetParam().text), GetParam().valid); }

INSTANTIATE_TEST_SUITE_P(Rfc3629, Utf8,
                         ::testing::Values(Utf8Case{"empty", "", true},
                                           Utf8Case{"ascii", "az\x7f", true},
                                           Utf8Case{"two_bytes", "\xC3\xA4", true},
                                           Utf8Case{"three_bytes", "\xE2\x82\xAC", true},
                                           Utf8Case{"four_bytes", "\xF0\x9F\x8D\x95", true},
                                           Utf8Case{"last_point", "\xF4\x8F\xBF\xBF", true},
                                           Utf8Case{"beyond_last_point", "\xF4\x90\x80\x80", false},
                                           Utf8Case{"overlong_slash", "\xC0\xAF", false},
                                           Utf8Case{"overlong_three", "\xE0\x80\xAF", false},
                                           Utf8Case{"overlong_four", "\xF0\x80\x80\xAF", false},
                                           Utf8Case{"surrogate", "\xED\xA0\x80", false},
                                           Utf8Case{"cut_short", "\xE2\x82", false},
                                           Utf8Case{"lone_continuation", "\x80", false},
                                           Utf8Case{"wrong_continuation", "\xC3\x28", false},
                                           Utf8Case{"five_bytes", "\xF8\x88\x80\x80\x80", false}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace gatehouse
