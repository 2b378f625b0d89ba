// SPDX-License-Identifier: Apache-2.0
#include "storage/registry/content_store.h"

#include <gtest/gtest.h>

#include "storage/test_databases.h"

namespace gatehouse::storage {
namespace {

using std::chrono::hours;

class Contents : public ::testing::TestWithParam<TestEngine> {
 protected:
  Database& registry() { return databases_.registry(); }

  Result<Content> find(model::TenantNumber tenant, const std::string& hash) {
    return registry().read(
        [&](Transaction& transaction) { return ContentStore(transaction, tenant).find(hash); });
  }

  TestDatabases databases_{GetParam()};
  FakeClock clock_{from_ms(1'700'000'000'000)};
  const Content pizza_ = content_of(std::string("pizza\0", 6), "text/plain");
};

TEST_P(Contents, AreNamedByTheirSha256) {
  EXPECT_EQ(content_of("abc", "").hash,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_P(Contents, ComeBackWholeForTheirTenantOnly) {
  const auto hash = keep_content(registry(), 1, pizza_, clock_);
  ASSERT_TRUE(hash) << hash.error().detail;
  EXPECT_EQ(*hash, pizza_.hash);
  const auto found = find(1, *hash);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->bytes, pizza_.bytes);
  EXPECT_EQ(found->media_type, "text/plain");
  const auto elsewhere = find(2, *hash);
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().code, ErrorCode::not_found);
}

TEST_P(Contents, AreSweptWhenUnnamedForADay) {
  const Content named = content_of("named", "text/plain");
  ASSERT_TRUE(keep_content(registry(), 1, pizza_, clock_));
  ASSERT_TRUE(keep_content(registry(), 1, named, clock_));
  ASSERT_TRUE(keep_content(registry(), 2, pizza_, clock_));
  clock_.advance(hours(24));
  EXPECT_EQ(*sweep_contents(registry(), 1, {named.hash}, clock_), 0U);
  clock_.advance(hours(1));
  EXPECT_EQ(*sweep_contents(registry(), 1, {named.hash}, clock_), 1U);
  EXPECT_FALSE(find(1, pizza_.hash));
  EXPECT_TRUE(find(1, named.hash));
  EXPECT_TRUE(find(2, pizza_.hash));
}

TEST_P(Contents, AreYoungAgainWhenKeptAgain) {
  ASSERT_TRUE(keep_content(registry(), 1, pizza_, clock_));
  clock_.advance(hours(30));
  ASSERT_TRUE(keep_content(registry(), 1, pizza_, clock_));
  EXPECT_EQ(*sweep_contents(registry(), 1, {}, clock_), 0U);
  EXPECT_TRUE(find(1, pizza_.hash));
}

TEST_P(Contents, AreSweptPageByPageUntilNoneIsLeft) {
  constexpr std::size_t count = 2 * ContentStore::sweep_max + 1;
  const auto put = registry().write([&](Transaction& transaction) -> Result<> {
    for (std::size_t i = 0; i < count; ++i) {
      const Content content{std::to_string(i), "text/plain", ""};
      GH_CHECK(ContentStore(transaction, 1).put(content, clock_.now()));
    }
    return {};
  });
  ASSERT_TRUE(put);
  clock_.advance(hours(25));
  EXPECT_EQ(*sweep_contents(registry(), 1, {}, clock_), count);
}

INSTANTIATE_TEST_SUITE_P(Engines, Contents,
                         ::testing::Values(TestEngine::sqlite, TestEngine::postgresql),
                         [](const auto& engine) { return to_text(engine.param); });

}  // namespace
}  // namespace gatehouse::storage
