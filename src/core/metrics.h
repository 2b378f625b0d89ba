// SPDX-License-Identifier: Apache-2.0
//
// Counters, gauges and histograms, and their Prometheus text.
//
// A series is made once, at start, and its reference is kept; adding to it is one relaxed atomic
// operation. Each worker makes its own series (label `worker`), so no two loops write one line of
// cache.
//
// Thread:  add and observe: any. counter, histogram, text: any, behind one mutex (docs/locks.md).
// Source:  Prometheus exposition format 0.0.4.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse {

class Counter {
 public:
  void add(std::uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<std::uint64_t> value_{0};
};

// Durations in 32 logarithmic buckets: bucket i holds what is below 2^i microseconds.
class Histogram {
 public:
  static constexpr std::size_t bucket_count = 32;

  void observe(std::chrono::nanoseconds duration);
  std::uint64_t count() const;
  std::uint64_t bucket(std::size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
  double sum_seconds() const;

 private:
  alignas(64) std::array<std::atomic<std::uint64_t>, bucket_count> buckets_{};
  std::atomic<std::uint64_t> sum_ns_{0};
};

// The bucket of a duration, 0 to 31; the last one takes everything from 2^30 microseconds up.
std::size_t duration_bucket(std::chrono::nanoseconds duration);

class Metrics {
 public:
  // `labels` as in the text format without braces: `worker="0",role="gateway"`, or empty.
  Counter& counter(std::string name, std::string labels, std::string help);
  Histogram& histogram(std::string name, std::string labels, std::string help);
  // `read` is called at each scrape, on the scraping thread.
  void gauge(std::string name, std::string labels, std::string help, std::function<double()> read);

  std::string text() const;

 private:
  struct Series {
    std::string name;
    std::string labels;
    std::string help;
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Histogram> histogram;
    std::function<double()> gauge;
  };

  Series& add(std::string name, std::string labels, std::string help);

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Series>> series_;  // guarded by mutex_
};

}  // namespace gatehouse
