// SPDX-License-Identifier: Apache-2.0
#include "keymanager/node_passes.h"

#include <gtest/gtest.h>

#include "core/text.h"

namespace gatehouse::keymanager {
namespace {

const std::string key(32, 'k');
const std::string other_key(32, 'o');

class NodePassesTest : public ::testing::Test {
 protected:
  NodePass pass(std::vector<std::string> environments = {"Internal", "Zürich West"}) const {
    return {.node = {"gw-1.example_x", std::move(environments)},
            .serial = 7,
            .expires = clock_.now() + std::chrono::hours(1)};
  }

  FakeClock clock_{from_ms(1'700'000'000'000)};
  NodePasses passes_{{key}, clock_};
};

TEST_F(NodePassesTest, SayWhoTheirBearerIsAndWhatItMayRead) {
  const std::string text = passes_.make(pass()).value();
  const Result<NodePass> read = passes_.check(text);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->node.name, "gw-1.example_x");
  EXPECT_EQ(read->node.environments, pass().node.environments);
  EXPECT_EQ(read->serial, 7U);
  EXPECT_EQ(read->expires, pass().expires);
  EXPECT_EQ(NodePasses::read(text)->node.name, "gw-1.example_x");
}

TEST_F(NodePassesTest, CountUnderEachKeyAndUnderNoOther) {
  const std::string text = passes_.make(pass()).value();
  EXPECT_TRUE(NodePasses({other_key, key}, clock_).check(text));
  const Result<NodePass> foreign = NodePasses({other_key}, clock_).check(text);
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, ErrorCode::unauthenticated);
  EXPECT_EQ(foreign.error().detail, "its pass is of another key");
}

TEST_F(NodePassesTest, EndAtTheirTime) {
  const std::string text = passes_.make(pass()).value();
  clock_.advance(std::chrono::hours(1) - std::chrono::seconds(1));
  EXPECT_TRUE(passes_.check(text));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(passes_.check(text).error().detail, "its pass has expired");
}

// Each part is replaced by that of another good pass, which is what a thief of two would do.
TEST_F(NodePassesTest, AreBelievedAsAWholeOnly) {
  const std::string text = passes_.make(pass({"External"})).value();
  NodePass more = pass({"External", "Internal"});
  more.node.name = "gw-2.example_x";
  more.serial = 8;
  more.expires += std::chrono::hours(1);
  const std::string other = passes_.make(more).value();
  const auto parts = split(text, '.');
  const auto others = split(other, '.');
  ASSERT_EQ(parts.size(), others.size());
  for (std::size_t part = 1; part < parts.size(); ++part) {
    std::vector<std::string> mixed(parts.begin(), parts.end());
    if (mixed[part] == others[part]) continue;
    mixed[part] = others[part];
    EXPECT_FALSE(passes_.check(join(mixed, "."))) << join(mixed, ".");
  }
}

TEST_F(NodePassesTest, AreNotReadFromAnythingElse) {
  const std::string good = passes_.make(pass()).value();
  for (const std::string& text :
       {std::string(), std::string("v1."), std::string("v1......"), std::string("a.b.c.d.e.f.g"),
        "v2." + good.substr(3), good.substr(1), good + ".", good.substr(0, good.rfind('.')),
        std::string("v1.gw.0.RA.99999999999999999999.k.t"), std::string("v1.gw.0.RA.x.k.t"),
        std::string("v1.gw.-1.RA.1.k.t"), std::string("v1.gw.0.***.1.k.t"),
        std::string("v1.gw.0.RA.9999999999999.k.t"), good + std::string(4000, 'x')}) {
    EXPECT_FALSE(passes_.check(text)) << text;
  }
}

TEST_F(NodePassesTest, CarryOnlyWhatStandsInACookieAndInAQuestion) {
  for (const char* name : {"", "g;w", "g w", "gw\n", "gw:1", "gw/1", "gw,1"}) {
    NodePass wrong = pass();
    wrong.node.name = name;
    EXPECT_FALSE(passes_.make(wrong)) << name;
  }
  NodePass longest = pass();
  longest.node.name = std::string(128, 'n');
  EXPECT_TRUE(passes_.make(longest));
  longest.node.name += "n";
  EXPECT_FALSE(passes_.make(longest));
  EXPECT_FALSE(passes_.make(pass({})));
  EXPECT_FALSE(passes_.make(pass({""})));
  EXPECT_FALSE(passes_.make(pass({"a,b"})));
  EXPECT_FALSE(passes_.make(pass({"a\nb"})));
  EXPECT_FALSE(passes_.make(pass(std::vector<std::string>(300, "Environment"))));
}

}  // namespace
}  // namespace gatehouse::keymanager
