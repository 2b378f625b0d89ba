// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_value.h"

#include <gtest/gtest.h>

namespace gatehouse::storage {
namespace {

using namespace std::string_view_literals;

struct ValueCase {
  const char* name;
  std::uint32_t type;
  std::string_view bytes;
  std::optional<std::int64_t> number;
};

class Number : public ::testing::TestWithParam<ValueCase> {};

TEST_P(Number, IsReadOrRefused) {
  const auto value = postgres_value(GetParam().type, GetParam().bytes);
  std::optional<std::int64_t> number;
  if (value) number = std::get<std::int64_t>(*value);
  EXPECT_EQ(number, GetParam().number);
}

INSTANTIATE_TEST_SUITE_P(
    Types, Number,
    ::testing::Values(
        ValueCase{"truth", 16, "\1"sv, 1}, ValueCase{"falsehood", 16, "\0"sv, 0},
        ValueCase{"int2", 21, "\xff\xfe"sv, -2}, ValueCase{"int4", 23, "\0\1\0\0"sv, 65'536},
        ValueCase{"int8", 20, "\x80\0\0\0\0\0\0\0"sv, INT64_MIN},
        ValueCase{"decimal_zero", 1700, "\0\0\0\0\0\0\0\0"sv, 0},
        ValueCase{"decimal", 1700, "\0\2\0\1\0\0\0\0\0\x0c\x0d\x80"sv, 123'456},
        ValueCase{"decimal_below_zero", 1700, "\0\1\0\0\x40\0\0\0\0\x07"sv, -7},
        ValueCase{"decimal_without_its_zeros", 1700, "\0\1\0\2\0\0\0\0\0\3"sv, 300'000'000},
        ValueCase{"decimal_fraction", 1700, "\0\2\0\0\0\0\0\1\0\1\x13\x88"sv, std::nullopt},
        ValueCase{"decimal_not_a_number", 1700, "\0\0\0\0\xc0\0\0\0"sv, std::nullopt},
        ValueCase{"decimal_too_large", 1700, "\0\1\0\5\0\0\0\0\0\1"sv, std::nullopt},
        ValueCase{"decimal_cut_short", 1700, "\0\1"sv, std::nullopt},
        ValueCase{"float", 701, "\0\0\0\0\0\0\0\0"sv, std::nullopt}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Value, OfTextAndBytesIsTheBytes) {
  EXPECT_EQ(std::get<std::string>(*postgres_value(25, "Zoë")), "Zoë");
  EXPECT_EQ(std::get<Bytes>(*postgres_value(17, "\0\xff"sv)).bytes, "\0\xff"sv);
}

}  // namespace
}  // namespace gatehouse::storage
