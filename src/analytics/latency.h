// SPDX-License-Identifier: Apache-2.0
//
// What a histogram of durations says: mean and percentiles, in milliseconds.
//
// Bucket i counts what is below 2^i microseconds and not below half of that (core/metrics.h);
// within a bucket durations are taken as evenly spread, so a figure is off by less than the
// bucket's width.
//
// Thread:  pure functions.
#pragma once

#include "storage/apis/usage_store.h"

namespace gatehouse::analytics {

// 0 for an empty histogram. `share` is between 0 and 1: 0.95 for p95.
double percentile_ms(const storage::LatencyCounts& counts, double share);
double mean_ms(const storage::LatencyCounts& counts);

}  // namespace gatehouse::analytics
