// SPDX-License-Identifier: Apache-2.0
#include "analytics/latency.h"

#include <cmath>
#include <numeric>

namespace gatehouse::analytics {

namespace {

double upper_ms(std::size_t bucket) { return std::ldexp(1.0, static_cast<int>(bucket)) / 1'000; }
double lower_ms(std::size_t bucket) { return bucket == 0 ? 0 : upper_ms(bucket - 1); }

double total_of(const storage::LatencyCounts& counts) {
  return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
}

}  // namespace

double percentile_ms(const storage::LatencyCounts& counts, double share) {
  const double wanted = total_of(counts) * share;
  double below = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto here = static_cast<double>(counts.at(i));
    if (here > 0 && below + here >= wanted) {
      return lower_ms(i) + (upper_ms(i) - lower_ms(i)) * (wanted - below) / here;
    }
    below += here;
  }
  return 0;
}

double mean_ms(const storage::LatencyCounts& counts) {
  const double total = total_of(counts);
  if (total == 0) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sum += static_cast<double>(counts.at(i)) * (lower_ms(i) + upper_ms(i)) / 2;
  }
  return sum / total;
}

}  // namespace gatehouse::analytics
