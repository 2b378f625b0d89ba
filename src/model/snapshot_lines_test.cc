// SPDX-License-Identifier: Apache-2.0
#include "model/snapshot_lines.h"

#include <gtest/gtest.h>

namespace gatehouse::model {
namespace {

const std::string shop = R"({"kind":"application","id":"a","value":{"id":"a"}})";
const std::string end_of_one = R"({"end":{"tag":"t","number":9,"revocation":3,"entries":1}})";

struct Read {
  Result<FeedRange> end;
  std::vector<std::string> things;
};

Read read(const std::string& text) {
  std::vector<std::string> things;
  auto end = read_snapshot_lines(text, [&](std::string_view kind, const json::object& value) {
    things.push_back(std::string(kind) + " " + json::serialize(value));
  });
  return {std::move(end), std::move(things)};
}

TEST(SnapshotLines, AreReadAsTheyAreWritten) {
  FeedRange range;
  range.tag = "t";
  range.to = 9;
  range.revocation = 3;
  const std::string text =
      json::serialize(snapshot_line("application", "a", json::object{{"id", "a"}})) + "\n" +
      json::serialize(last_snapshot_line(range, 1)) + "\n";
  EXPECT_EQ(text, shop + "\n" + end_of_one + "\n");
  const Read found = read(text);
  ASSERT_TRUE(found.end);
  EXPECT_EQ(found.end->tag, "t");
  EXPECT_EQ(found.end->to, 9U);
  EXPECT_EQ(found.end->revocation, 3U);
  EXPECT_EQ(found.things, std::vector<std::string>{R"(application {"id":"a"})"});
}

TEST(SnapshotLines, WhatIsNotWholeIsRefused) {
  for (const std::string& text :
       {std::string(), shop + "\n", end_of_one + "\n", shop + "\n" + shop + "\n" + end_of_one,
        shop + "\n" + end_of_one + "\n" + shop, shop + "\n" + end_of_one + "\n" + end_of_one,
        shop + "\n{}\n" + end_of_one, shop + "\n" + end_of_one + "\n\n", "[]\n" + end_of_one,
        shop.substr(0, 30)}) {
    EXPECT_FALSE(read(text).end) << text;
  }
}

}  // namespace
}  // namespace gatehouse::model
