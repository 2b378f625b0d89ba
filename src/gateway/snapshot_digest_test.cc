// SPDX-License-Identifier: Apache-2.0
#include "gateway/snapshot_digest.h"

#include <gtest/gtest.h>

namespace gatehouse::gateway {
namespace {

model::FeedEntry api(std::string id, std::string context) {
  model::DeployedApi deployed;
  deployed.id = id;
  deployed.name = id;
  deployed.context = std::move(context);
  deployed.version = "1";
  deployed.tenant_domain = "carbon.super";
  return {"api", std::move(id), to_json(deployed)};
}

model::FeedRange range_of(std::uint64_t from, std::uint64_t to,
                          std::vector<model::FeedEntry> upserts) {
  model::FeedRange range;
  range.tag = "t";
  range.from = from;
  range.to = to;
  range.upserts = std::move(upserts);
  return range;
}

TEST(SnapshotDigest, IsTheSameWhateverTheWayThere) {
  const auto at_once = Snapshot().with(range_of(0, 3, {api("a", "/a"), api("b", "/b")}));
  const auto in_turn = Snapshot()
                           .with(range_of(0, 1, {api("b", "/old")}))
                           ->with(range_of(1, 2, {api("a", "/a"), api("c", "/c")}));
  model::FeedRange last = range_of(2, 3, {api("b", "/b")});
  last.removals = {{"api", "c", {}}};
  const SnapshotDigest digest = digest_of(*at_once);
  EXPECT_EQ(digest.sha256, digest_of(*in_turn->with(last)).sha256);
  EXPECT_EQ(digest.counts, (decltype(digest.counts){{"api", 2}}));
  EXPECT_EQ(digest.sha256.size(), 64U);
}

TEST(SnapshotDigest, ShowsWhateverDiffers) {
  const std::string one = digest_of(*Snapshot().with(range_of(0, 1, {api("a", "/a")}))).sha256;
  EXPECT_NE(one, digest_of(Snapshot()).sha256);
  EXPECT_NE(one, digest_of(*Snapshot().with(range_of(0, 1, {api("a", "/b")}))).sha256);
  EXPECT_NE(one, digest_of(*Snapshot().with(range_of(0, 1, {api("b", "/a")}))).sha256);
}

}  // namespace
}  // namespace gatehouse::gateway
