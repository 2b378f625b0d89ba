// SPDX-License-Identifier: Apache-2.0
#include "gateway/access_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>

#include "core/log.h"

namespace gatehouse::gateway {

namespace {

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_two(std::string& out, std::uint64_t number, std::size_t width) {
  std::array<char, 4> digits{'0', '0', '0', '0'};
  for (std::size_t i = width; i-- > 0; number /= 10) {
    digits[i] = static_cast<char>('0' + number % 10);
  }
  out.append(digits.data(), width);
}

// "2026-11-23T06:40:00.123Z" without a call of the C library, which takes a lock for time zones.
void append_time(std::string& out, Instant at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  append_number(out, static_cast<std::uint64_t>(static_cast<int>(date.year())));
  out += '-';
  append_two(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_two(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_two(out, static_cast<std::uint64_t>(time.hours().count()), 2);
  out += ':';
  append_two(out, static_cast<std::uint64_t>(time.minutes().count()), 2);
  out += ':';
  append_two(out, static_cast<std::uint64_t>(time.seconds().count()), 2);
  out += '.';
  append_two(out, static_cast<std::uint64_t>(time.subseconds().count()), 3);
  out += 'Z';
}

// Text of the request cannot end its string, its line or the terminal it is shown on.
void append_text(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr std::size_t text_max = AccessLog::line_bytes_max / 4;
  for (const char c : text.substr(0, text_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out.append(",\"").append(name).append("\":\"");
  append_text(out, text);
  out += '"';
}

void append_member(std::string& out, std::string_view name, std::uint64_t number) {
  out.append(",\"").append(name).append("\":");
  append_number(out, number);
}

void append_line(std::string& out, const AccessLine& line) {
  out += "{\"time\":\"";
  append_time(out, line.at);
  out += '"';
  append_member(out, "client", line.client);
  append_member(out, "method", line.method);
  append_member(out, "path", line.path);
  append_member(out, "status", static_cast<std::uint64_t>(line.status));
  if (line.fault_code != 0) append_member(out, "code", line.fault_code);
  append_member(out, "api", line.api_id);
  append_member(out, "resource", line.resource);
  append_member(out, "application", line.application_id);
  append_member(out, "activityid", line.activity_id);
  append_member(out, "request_bytes", line.request_bytes);
  append_member(out, "response_bytes", line.response_bytes);
  append_member(out, "latency_us", static_cast<std::uint64_t>(line.latency.count()));
  append_member(out, "backend_us", static_cast<std::uint64_t>(line.backend_latency.count()));
  out += "}\n";
}

}  // namespace

void AccessLog::Lines::add(const AccessLine& line) {
  if (!log_.enabled()) return;
  if (buffer_.capacity() < buffer_bytes) buffer_.reserve(buffer_bytes);
  append_line(buffer_, line);
  ++count_;
  if (buffer_.size() + line_bytes_max > buffer_bytes) hand_over();
}

void AccessLog::Lines::hand_over() {
  if (!buffer_.empty()) log_.take(buffer_, std::exchange(count_, 0));
}

AccessLog::AccessLog(AccessLogOptions options) : options_(std::move(options)) {
  if (!enabled()) return;
  waiting_.reserve(batches_max);
  // Made at once, so that handing over allocates nothing on a loop.
  for (std::size_t i = 0; i < spare_max; ++i) spare_.emplace_back().reserve(buffer_bytes);
  thread_ = std::thread([this] { write_batches(); });
}

AccessLog::~AccessLog() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  if (file_ > STDERR_FILENO) ::close(file_);
}

void AccessLog::reopen() { reopen_.store(true); }

void AccessLog::take(std::string& text, std::uint64_t lines) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < batches_max) {
      waiting_.push_back({std::move(text), lines});
      text.clear();
      if (!spare_.empty()) {
        text.swap(spare_.back());
        spare_.pop_back();
      }
    } else {
      dropped_.fetch_add(lines, std::memory_order_relaxed);
      text.clear();
    }
  }
  wake_.notify_one();
}

void AccessLog::write_batches() {
  std::vector<Batch> batches;
  batches.reserve(batches_max);
  std::unique_lock lock(mutex_);
  for (;;) {
    batches.clear();
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    batches.swap(waiting_);
    lock.unlock();
    for (const Batch& batch : batches) write(batch);
    lock.lock();
    for (Batch& batch : batches) {
      if (spare_.size() == spare_max) break;
      batch.text.clear();
      spare_.push_back(std::move(batch.text));
    }
  }
}

bool AccessLog::open_file() {
  if (options_.file == "-") {
    file_ = STDOUT_FILENO;
    return true;
  }
  if (reopen_.exchange(false) && file_ >= 0) {
    ::close(file_);
    file_ = -1;
  }
  if (file_ >= 0) return true;
  file_ = ::open(options_.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  struct stat status {};
  file_bytes_ =
      file_ >= 0 && ::fstat(file_, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  return file_ >= 0;
}

void AccessLog::rotate() {
  ::close(file_);
  file_ = -1;
  const auto name = [this](std::size_t age) {
    return age == 0 ? options_.file : fmt::format("{}.{}", options_.file, age);
  };
  if (options_.keep == 0) ::unlink(options_.file.c_str());
  for (std::size_t age = options_.keep; age > 0; --age) {
    std::rename(name(age - 1).c_str(), name(age).c_str());
  }
}

// A line that cannot be written whole is cut by the next one's beginning; readers skip it.
void AccessLog::write(const Batch& batch) {
  std::string_view text = batch.text;
  while (open_file() && !text.empty()) {
    const ssize_t written = ::write(file_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    text.remove_prefix(static_cast<std::size_t>(written));
    file_bytes_ += static_cast<std::uint64_t>(written);
  }
  if (!text.empty()) {
    const bool first = dropped_.fetch_add(batch.lines, std::memory_order_relaxed) == 0;
    if (first) log_error("Access log {}: {}", options_.file, std::strerror(errno));
  }
  if (file_ > STDERR_FILENO && file_bytes_ >= options_.rotate_bytes) rotate();
}

}  // namespace gatehouse::gateway
