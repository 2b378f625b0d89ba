// SPDX-License-Identifier: Apache-2.0
#include "admin/scim/filter.h"

#include <gtest/gtest.h>

namespace gatehouse::admin {
namespace {

const json::object anna = parse_json_object(R"({
  "id": "7f", "externalId": "Ext", "userName": "Anna", "active": true, "age": 7, "title": "",
  "name": {"familyName": "O'Malley", "givenName": "Anna"},
  "emails": [{"value": "anna@work.org", "type": "work", "primary": true},
             {"value": "anna@home.org", "type": "home"}],
  "meta": {"created": "2026-01-02T03:04:05Z"},
  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Sales"}})")
                              .value();

struct FilterCase {
  const char* name;
  const char* filter;
  std::optional<bool> matches;  // empty: it must be refused
};

class Filters : public ::testing::TestWithParam<FilterCase> {};

TEST_P(Filters, MatchAsTheStandardSays) {
  const Result<Filter> filter = Filter::parse(GetParam().filter);
  ASSERT_EQ(filter.has_value(), GetParam().matches.has_value()) << GetParam().filter;
  if (!filter) return;
  EXPECT_EQ(filter->matches(anna), *GetParam().matches) << GetParam().filter;
}

INSTANTIATE_TEST_SUITE_P(
    Rfc7644, Filters,
    ::testing::Values(
        FilterCase{"equal", R"(userName eq "Anna")", true},
        FilterCase{"texts_without_case", R"(userName eq "aNNA")", true},
        FilterCase{"names_without_case", R"(USERNAME Eq "anna")", true},
        FilterCase{"exact_attributes", R"(externalId eq "ext")", false},
        FilterCase{"not_equal", R"(userName ne "anna")", false},
        FilterCase{"contains", R"(name.familyName co "malley")", true},
        FilterCase{"starts_with", R"(userName sw "an")", true},
        FilterCase{"ends_with", R"(userName ew "na")", true},
        FilterCase{"ends_otherwise", R"(userName ew "an")", false},
        FilterCase{"present", "emails pr", true},
        FilterCase{"empty_is_not_present", "title pr", false},
        FilterCase{"absent_is_not_present", "nickName pr", false},
        FilterCase{"absent_equals_null", "nickName eq null", true},
        FilterCase{"absent_differs", R"(nickName ne "x")", true},
        FilterCase{"absent_is_less_than_nothing", R"(nickName lt "x")", false},
        FilterCase{"flag", "active eq true", true},
        FilterCase{"other_flag", "active eq false", false}, FilterCase{"number", "age ge 7", true},
        FilterCase{"greater_number", "age gt 7", false},
        FilterCase{"time", R"(meta.created gt "2025-12-31T00:00:00Z")", true},
        FilterCase{"later_time", R"(meta.created lt "2025-12-31T00:00:00Z")", false},
        FilterCase{"any_of_a_list", R"(emails eq "anna@home.org")", true},
        FilterCase{"sub_attribute_of_a_list", R"(emails.type eq "home")", true},
        FilterCase{"inside", R"(emails[type eq "work" and value co "@work.org"])", true},
        FilterCase{"inside_of_one_value", R"(emails[type eq "home" and value co "@work.org"])",
                   false},
        FilterCase{"and", R"(userName eq "anna" and active eq false)", false},
        FilterCase{"or", R"(userName eq "bert" or active eq true)", true},
        FilterCase{"and_binds_before_or",
                   R"(active eq true or active eq false and userName eq "x")", true},
        FilterCase{"parentheses", R"((active eq true or active eq false) and userName eq "x")",
                   false},
        FilterCase{"not", R"(not (userName eq "bert"))", true},
        FilterCase{"core_schema",
                   R"(urn:ietf:params:scim:schemas:core:2.0:User:userName eq "anna")", true},
        FilterCase{
            "extension",
            R"(urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "sales")",
            true},
        FilterCase{"escaped_quote", R"(userName eq "a\"b")", false},
        FilterCase{"no_text", "", std::nullopt},
        FilterCase{"no_operator", "userName", std::nullopt},
        FilterCase{"unknown_operator", R"(userName is "x")", std::nullopt},
        FilterCase{"no_value", "userName eq", std::nullopt},
        FilterCase{"open_quote", R"(userName eq "x)", std::nullopt},
        FilterCase{"bare_word", "userName eq anna", std::nullopt},
        FilterCase{"number_contains", "age co 7", std::nullopt},
        FilterCase{"object", R"(userName eq {"a":1})", std::nullopt},
        FilterCase{"open_parenthesis", R"((userName eq "x")", std::nullopt},
        FilterCase{"open_bracket", R"(emails[type eq "x")", std::nullopt},
        FilterCase{"more_behind", R"(userName eq "x" "y")", std::nullopt},
        FilterCase{"not_without_parentheses", R"(not userName eq "x")", std::nullopt},
        FilterCase{"name_of_signs", R"(user;Name eq "x")", std::nullopt},
        FilterCase{"two_dots", R"(a.b.c eq "x")", std::nullopt}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Filters, HaveBounds) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '(') + "active pr" +
           std::string(static_cast<std::size_t>(depth), ')');
  };
  EXPECT_TRUE(Filter::parse(nested(Filter::depth_max)));
  EXPECT_FALSE(Filter::parse(nested(Filter::depth_max + 1)));
  EXPECT_FALSE(Filter::parse(nested(2'000)));
  std::string many = "active pr";
  for (std::size_t i = 0; i < Filter::terms_max; ++i) many += " or active pr";
  EXPECT_FALSE(Filter::parse(many));
  EXPECT_FALSE(Filter::parse("active pr" + std::string(Filter::length_max, ' ')));
}

TEST(Filters, SayWhatCanBeLookedUp) {
  EXPECT_EQ(Filter::parse(R"(userName eq "Anna")")->equals("username"), "Anna");
  EXPECT_EQ(Filter::parse(R"(userName sw "Anna")")->equals("userName"), std::nullopt);
  EXPECT_EQ(Filter::parse(R"(not (userName eq "Anna"))")->equals("userName"), std::nullopt);
  EXPECT_EQ(Filter::parse(R"(title eq "Anna")")->equals("userName"), std::nullopt);
}

}  // namespace
}  // namespace gatehouse::admin
