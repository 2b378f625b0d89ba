// SPDX-License-Identifier: Apache-2.0
#include "gateway/access_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/json.h"
#include "core/test_folder.h"

namespace gatehouse::gateway {
namespace {

namespace fs = std::filesystem;

class AccessLogTest : public ::testing::Test {
 protected:
  std::string file() const { return folder_ + "/access.log"; }
  static std::string contents(const std::string& path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  static AccessLine line() {
    AccessLine line;
    line.at = from_ms(1'763'880'000'007);
    line.client = "192.0.2.1";
    line.method = "GET";
    line.path = "/pizza/1/\"menu\"\r\n";
    line.status = 200;
    line.api_id = "pizza";
    return line;
  }

  const TestFolder place_;
  const std::string folder_ = place_.path();
};

TEST_F(AccessLogTest, WritesOneJsonLinePerRequest) {
  {
    AccessLog log({.file = file()});
    AccessLog::Lines lines(log);
    lines.add(line());
    lines.add(line());
  }
  std::istringstream text(contents(file()));
  int count = 0;
  for (std::string each; std::getline(text, each); ++count) {
    const auto object = parse_json_object(each);
    ASSERT_TRUE(object) << each;
    EXPECT_EQ(text_or(*object, "path", ""), line().path);
    EXPECT_EQ(text_or(*object, "time", ""), "2025-11-23T06:40:00.007Z");
    EXPECT_EQ(number_or(*object, "status", 0), 200);
  }
  EXPECT_EQ(count, 2);
}

TEST_F(AccessLogTest, RotatesBySizeAndKeepsSoMany) {
  for (int i = 0; i < 5; ++i) {
    AccessLog log({.file = file(), .rotate_bytes = 1, .keep = 2});
    AccessLog::Lines lines(log);
    lines.add(line());
  }
  EXPECT_FALSE(fs::exists(file()));  // just rotated away
  EXPECT_TRUE(fs::exists(file() + ".1"));
  EXPECT_TRUE(fs::exists(file() + ".2"));
  EXPECT_FALSE(fs::exists(file() + ".3"));
}

TEST_F(AccessLogTest, AFullDiskDropsLinesAndCountsThem) {
  AccessLog log({.file = "/dev/full"});
  {
    AccessLog::Lines lines(log);
    lines.add(line());
    lines.add(line());
  }
  while (log.dropped() == 0) std::this_thread::yield();
  EXPECT_EQ(log.dropped(), 2U);
}

}  // namespace
}  // namespace gatehouse::gateway
