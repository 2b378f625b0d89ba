// SPDX-License-Identifier: Apache-2.0
#include "core/metrics.h"

#include <fmt/format.h>

#include <bit>
#include <map>

namespace gatehouse {

std::size_t duration_bucket(std::chrono::nanoseconds duration) {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)) / 1000;
  return std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(us)),
                               Histogram::bucket_count - 1);
}

void Histogram::observe(std::chrono::nanoseconds duration) {
  buckets_[duration_bucket(duration)].fetch_add(1, std::memory_order_relaxed);
  sum_ns_.fetch_add(static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)),
                    std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < bucket_count; ++i) count += bucket(i);
  return count;
}

double Histogram::sum_seconds() const {
  return static_cast<double>(sum_ns_.load(std::memory_order_relaxed)) / 1e9;
}

Metrics::Series& Metrics::add(std::string name, std::string labels, std::string help) {
  const std::lock_guard lock(mutex_);
  series_.push_back(std::make_unique<Series>());
  Series& series = *series_.back();
  series.name = std::move(name);
  series.labels = std::move(labels);
  series.help = std::move(help);
  return series;
}

Counter& Metrics::counter(std::string name, std::string labels, std::string help) {
  Series& series = add(std::move(name), std::move(labels), std::move(help));
  series.counter = std::make_unique<Counter>();
  return *series.counter;
}

Histogram& Metrics::histogram(std::string name, std::string labels, std::string help) {
  Series& series = add(std::move(name), std::move(labels), std::move(help));
  series.histogram = std::make_unique<Histogram>();
  return *series.histogram;
}

void Metrics::gauge(std::string name, std::string labels, std::string help,
                    std::function<double()> read) {
  add(std::move(name), std::move(labels), std::move(help)).gauge = std::move(read);
}

namespace {

void write_histogram(std::string& text, const std::string& name, const std::string& labels,
                     const Histogram& histogram) {
  const std::string before = labels.empty() ? "" : labels + ",";
  std::uint64_t total = 0;
  for (std::size_t i = 0; i + 1 < Histogram::bucket_count; ++i) {
    total += histogram.bucket(i);
    text += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", name, before,
                        static_cast<double>(1ULL << i) / 1e6, total);
  }
  total += histogram.bucket(Histogram::bucket_count - 1);
  const std::string braces = labels.empty() ? "" : "{" + labels + "}";
  text += fmt::format("{}_bucket{{{}le=\"+Inf\"}} {}\n", name, before, total);
  text += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name, braces, histogram.sum_seconds(), name,
                      braces, total);
}

}  // namespace

std::string Metrics::text() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::string> families;
  for (const auto& series : series_) {
    std::string& text = families[series->name];
    const char* type = series->counter ? "counter" : series->histogram ? "histogram" : "gauge";
    if (text.empty()) {
      text = fmt::format("# HELP {} {}\n# TYPE {} {}\n", series->name, series->help, series->name,
                         type);
    }
    if (series->histogram) {
      write_histogram(text, series->name, series->labels, *series->histogram);
      continue;
    }
    const std::string braces = series->labels.empty() ? "" : "{" + series->labels + "}";
    text += series->counter
                ? fmt::format("{}{} {}\n", series->name, braces, series->counter->value())
                : fmt::format("{}{} {}\n", series->name, braces, series->gauge());
  }
  std::string all;
  for (const auto& [name, text] : families) all += text;
  return all;
}

}  // namespace gatehouse
