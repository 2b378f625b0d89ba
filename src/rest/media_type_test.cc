// SPDX-License-Identifier: Apache-2.0
#include "rest/media_type.h"

#include <gtest/gtest.h>

namespace gatehouse::rest {
namespace {

TEST(MediaType, IsReadWithoutItsParameters) {
  EXPECT_EQ(media_type_of("Application/JSON ; charset=utf-8"), "application/json");
  EXPECT_EQ(media_type_of(""), "");
}

TEST(MediaType, ParametersMayBeQuoted) {
  EXPECT_EQ(media_parameter("a/b; x=1; Boundary=\"q;r\"; y=2", "boundary"), "q;r");
  EXPECT_EQ(media_parameter("a/b; x=\"1;y=0\"; y=2", "y"), "2");
  EXPECT_EQ(media_parameter("a/b; x=1 ;y=2", "x"), "1");
  EXPECT_EQ(media_parameter("a/b; x=\"1", "x"), "");
  EXPECT_EQ(media_parameter("a/b", "x"), "");
}

struct AcceptCase {
  const char* name;
  const char* accept;
  bool json;
};

class Accept : public ::testing::TestWithParam<AcceptCase> {};

TEST_P(Accept, AllowsJsonOrNot) {
  EXPECT_EQ(accepts(GetParam().accept, "application/json"), GetParam().json);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc9110, Accept,
    ::testing::Values(AcceptCase{"absent", "", true}, AcceptCase{"exact", "application/json", true},
                      AcceptCase{"anything", "*/*", true},
                      AcceptCase{"family", "text/html, application/*;q=0.5", true},
                      AcceptCase{"other", "text/html", false},
                      AcceptCase{"zero_forbids", "application/json;q=0", false},
                      AcceptCase{"closest_range_decides", "*/*, application/json;q=0.0", false},
                      AcceptCase{"closest_range_decides_either_way", "application/json, */*;q=0",
                                 true}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace gatehouse::rest
