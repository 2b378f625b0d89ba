// SPDX-License-Identifier: Apache-2.0
#include "rest/multipart.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gatehouse::rest {
namespace {

// "--x", the head of a part named a, and `rest`.
std::string part_and(std::string_view rest) {
  return fmt::format("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n{}", rest);
}

TEST(Multipart, PartsKeepTheirBytes) {
  const std::string body =
      "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--\r\n\r\n"
      "--x\r\ncontent-disposition: form-data; name=b; filename=\"c d.zip\"\r\n"
      "Content-Type: Application/ZIP\r\n\r\n\r\n--x--\r\n";
  const auto parts = parse_multipart("multipart/form-data; boundary=x", body);
  ASSERT_TRUE(parts) << parts.error().message;
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ((*parts)[0].name, "a");
  EXPECT_EQ((*parts)[0].bytes, "\r\n--\r\n");
  EXPECT_EQ((*parts)[1].file_name, "c d.zip");
  EXPECT_EQ((*parts)[1].media_type, "application/zip");
  EXPECT_EQ((*parts)[1].bytes, "");
}

TEST(Multipart, MayBeEmpty) {
  const auto parts = parse_multipart("multipart/form-data; boundary=x", "--x--");
  ASSERT_TRUE(parts);
  EXPECT_TRUE(parts->empty());
}

struct BrokenCase {
  const char* name;
  const char* boundary;
  std::string body;
};

class BrokenMultipart : public ::testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenMultipart, IsRefused) {
  const std::string type = std::string("multipart/form-data; boundary=") + GetParam().boundary;
  const auto parts = parse_multipart(type, GetParam().body);
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().code, ErrorCode::invalid_argument);
}

std::string repeated(std::size_t count) {
  std::string body;
  for (std::size_t i = 0; i < count; ++i) body += part_and("\r\n");
  return body + "--x--";
}

INSTANTIATE_TEST_SUITE_P(
    Rfc7578, BrokenMultipart,
    ::testing::Values(
        BrokenCase{"no_boundary", "", "--x--"},
        BrokenCase{"long_boundary",
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                   "--a"},
        BrokenCase{"other_boundary", "x", "--y--"}, BrokenCase{"empty", "x", ""},
        BrokenCase{"never_ends", "x", part_and("1")},
        BrokenCase{"head_never_ends", "x",
                   "--x\r\nContent-Disposition: form-data; name=a\r\n--x--"},
        BrokenCase{"no_name", "x", "--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--"},
        BrokenCase{"no_form_data", "x",
                   "--x\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--x--"},
        BrokenCase{"no_colon", "x", "--x\r\nname\r\n\r\n1\r\n--x--"},
        BrokenCase{"longer_boundary", "x", part_and("1\r\n--xy--")},
        BrokenCase{"goes_on", "x", "--x--\r\nmore"},
        BrokenCase{"too_many_parts", "x", repeated(parts_max + 1)},
        BrokenCase{
            "head_too_long", "x",
            fmt::format("--x\r\nContent-Disposition: form-data; name={:a>5000}\r\n\r\n1\r\n--x--",
                        "")}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace gatehouse::rest
