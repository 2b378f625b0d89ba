// SPDX-License-Identifier: Apache-2.0
#include "core/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gatehouse {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct BucketCase {
  std::chrono::nanoseconds duration;
  std::size_t bucket;
};

TEST(DurationBucket, HoldsWhatIsBelowItsPowerOfTwo) {
  const BucketCase cases[] = {
      {-1s, 0}, {0ns, 0},           {999ns, 0},         {1us, 1},     {1999ns, 1},
      {2us, 2}, {3us, 2},           {4us, 3},           {1023us, 10}, {1024us, 11},
      {1s, 20}, {1073741823us, 30}, {1073741824us, 31}, {24h, 31},
  };
  for (const BucketCase& row : cases) {
    EXPECT_EQ(duration_bucket(row.duration), row.bucket) << row.duration.count() << " ns";
  }
}

TEST(MetricsText, OfACounterAndAGauge) {
  Metrics metrics;
  Counter& first = metrics.counter("requests_total", "worker=\"0\"", "Requests answered.");
  metrics.gauge("connections", "", "Open connections.", [] { return 2.5; });
  metrics.counter("requests_total", "worker=\"1\"", "Requests answered.").add();
  first.add(41);
  first.add();
  EXPECT_EQ(metrics.text(),
            "# HELP connections Open connections.\n"
            "# TYPE connections gauge\n"
            "connections 2.5\n"
            "# HELP requests_total Requests answered.\n"
            "# TYPE requests_total counter\n"
            "requests_total{worker=\"0\"} 42\n"
            "requests_total{worker=\"1\"} 1\n");
}

TEST(MetricsText, OfAHistogramIsCumulativeInSeconds) {
  Metrics metrics;
  Histogram& histogram = metrics.histogram("latency_seconds", "api=\"p\"", "Latency.");
  histogram.observe(500ns);
  histogram.observe(1500ns);
  histogram.observe(1h);
  const std::string text = metrics.text();
  EXPECT_THAT(text, StartsWith("# HELP latency_seconds Latency.\n"
                               "# TYPE latency_seconds histogram\n"
                               "latency_seconds_bucket{api=\"p\",le=\"1e-06\"} 1\n"
                               "latency_seconds_bucket{api=\"p\",le=\"2e-06\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("latency_seconds_bucket{api=\"p\",le=\"1073.741824\"} 2\n"
                              "latency_seconds_bucket{api=\"p\",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("latency_seconds_count{api=\"p\"} 3\n"));
  EXPECT_EQ(histogram.count(), 3U);
  EXPECT_NEAR(histogram.sum_seconds(), 3600.000002, 1e-9);
}

}  // namespace
}  // namespace gatehouse
