// SPDX-License-Identifier: Apache-2.0
#include "core/id.h"

#include <gtest/gtest.h>

#include <set>

namespace gatehouse {
namespace {

using ApiId = Id<struct Api>;
using ApplicationId = Id<struct Application>;

// Two kinds of identifier can neither be compared nor passed for each other.
static_assert(!std::is_convertible_v<ApiId, ApplicationId>);
static_assert(!std::is_constructible_v<ApiId, std::string>);

TEST(Identifier, IsLowered) {
  const Result<ApiId> id = ApiId::parse("0188A5EB-A36F-4C3D-9E2C-BE1D6A0F9CAB");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->text(), "0188a5eb-a36f-4c3d-9e2c-be1d6a0f9cab");
}

TEST(Identifier, IsAUuidOrNothing) {
  for (const char* text :
       {"", "0188a5eb-a36f-4c3d-9e2c-be1d6a0f9ca", "0188a5eb-a36f-4c3d-9e2c-be1d6a0f9cabc",
        "0188a5eba36f-4c3d-9e2c-be1d6a0f9cab-", "0188a5eb_a36f_4c3d_9e2c_be1d6a0f9cab",
        "0188a5eg-a36f-4c3d-9e2c-be1d6a0f9cab", "{188a5eb-a36f-4c3d-9e2c-be1d6a0f9ca}"}) {
    const Result<ApiId> id = ApiId::parse(text);
    ASSERT_FALSE(id) << text;
    EXPECT_EQ(id.error().code, ErrorCode::invalid_argument);
  }
}

TEST(Identifier, OfChanceIsAVersionFourUuidAndRepeatsForASeed) {
  SeededRandom random(42);
  SeededRandom again(42);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const ApiId id = ApiId::random(random);
    EXPECT_EQ(id, ApiId::random(again));
    EXPECT_TRUE(ApiId::parse(id.text()));
    EXPECT_EQ(id.text()[14], '4');
    EXPECT_NE(std::string("89ab").find(id.text()[19]), std::string::npos);
    EXPECT_TRUE(seen.insert(id.text()).second);
  }
}

}  // namespace
}  // namespace gatehouse
