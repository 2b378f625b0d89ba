// SPDX-License-Identifier: Apache-2.0
#include "http/field.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "core/text.h"
#include "http/scan.h"

namespace gatehouse::http {
namespace {

TEST(FieldId, IsFoundInAnyCase) {
  for (std::size_t i = 2; i < field_id_count; ++i) {
    const auto id = static_cast<FieldId>(i);
    const std::string name(field_name(id));
    EXPECT_EQ(field_id(name), id) << name;
    EXPECT_EQ(field_id(to_lower(name)), id) << name;
    std::string twin = name;
    std::replace(twin.begin(), twin.end(), '-', '_');
    if (twin != name) {
      EXPECT_EQ(field_id(twin), FieldId::twin) << twin;
    }
    EXPECT_EQ(field_id(name + "x"), FieldId::other) << name;
    EXPECT_EQ(field_id(name.substr(1)), FieldId::other) << name;
  }
  EXPECT_EQ(field_id(""), FieldId::other);
  EXPECT_EQ(field_id("x"), FieldId::other);
}

TEST(FieldName, IsTheSameWithUnderscores) {
  EXPECT_TRUE(is_same_field("X-User", "x_uSER"));
  EXPECT_FALSE(is_same_field("X-User", "X-Users"));
  EXPECT_FALSE(is_same_field("X-User", "X.User"));
}

// The vector form and the plain one agree on every byte at every place, whatever the length.
TEST(Scan, IsEqualInBothForms) {
  SeededRandom random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random.number() % 80, 'a');
    for (int i = 0; i < 2 && !text.empty(); ++i) {
      text[random.number() % text.size()] = static_cast<char>(random.number());
    }
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    ASSERT_EQ(skip_value(begin, end), scalar::skip_value(begin, end));
    ASSERT_EQ(skip_target(begin, end), scalar::skip_target(begin, end));
    ASSERT_EQ(skip_token(begin, end), scalar::skip_token(begin, end));
  }
  for (int byte = 0; byte < 256; ++byte) {
    std::string text(33, 'a');
    text[20] = static_cast<char>(byte);
    const char* const end = text.data() + text.size();
    ASSERT_EQ(skip_value(text.data(), end), scalar::skip_value(text.data(), end)) << byte;
    ASSERT_EQ(skip_target(text.data(), end), scalar::skip_target(text.data(), end)) << byte;
    ASSERT_EQ(skip_token(text.data(), end), scalar::skip_token(text.data(), end)) << byte;
  }
}

}  // namespace
}  // namespace gatehouse::http
