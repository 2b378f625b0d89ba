// SPDX-License-Identifier: Apache-2.0
#include "analytics/latency.h"

#include <gtest/gtest.h>

namespace gatehouse::analytics {

namespace {

// Bucket 10 holds what takes from 0.512 to 1.024 ms, bucket 11 what takes up to 2.048.
struct LatencyCase {
  const char* name;
  std::map<std::size_t, std::uint64_t> counts;  // by bucket
  double share;
  double percentile;
  double mean;
};

class Latency : public ::testing::TestWithParam<LatencyCase> {};

TEST_P(Latency, IsReadFromItsHistogram) {
  storage::LatencyCounts counts{};
  for (const auto& [bucket, count] : GetParam().counts) counts.at(bucket) = count;
  EXPECT_NEAR(percentile_ms(counts, GetParam().share), GetParam().percentile, 1e-9);
  EXPECT_NEAR(mean_ms(counts), GetParam().mean, 1e-9);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, Latency,
    ::testing::Values(LatencyCase{"empty", {}, 0.5, 0, 0},
                      LatencyCase{"half_of_a_bucket", {{10, 100}}, 0.5, 0.768, 0.768},
                      LatencyCase{"end_of_a_bucket", {{10, 100}}, 1, 1.024, 0.768},
                      LatencyCase{"a_single_one", {{10, 1}}, 0.99, 0.512 + 0.512 * 0.99, 0.768},
                      LatencyCase{"between_two_buckets", {{10, 50}, {11, 50}}, 0.5, 1.024, 1.152},
                      LatencyCase{"the_second_bucket", {{10, 50}, {11, 50}}, 0.75, 1.536, 1.152},
                      LatencyCase{"empty_ones_are_passed_over",
                                  {{10, 99}, {20, 1}},
                                  0.99,
                                  1.024,
                                  (99 * 0.768 + 786.432) / 100},
                      LatencyCase{"below_a_microsecond", {{0, 4}}, 0.5, 0.0005, 0.0005},
                      LatencyCase{"the_last_bucket", {{31, 2}}, 0.5, 1'610'612.736, 1'610'612.736}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace

}  // namespace gatehouse::analytics
