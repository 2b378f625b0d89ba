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

// Writes a line where there is room for any: texts are cut so that the numbers still fit.
class LineWriter {
 public:
  LineWriter(char* begin, std::size_t size) : begin_(begin), at_(begin), end_(begin + size) {}

  void put(std::string_view literal) {
    std::memcpy(at_, literal.data(), literal.size());
    at_ += literal.size();
  }
  void put_number(std::uint64_t number) { at_ = std::to_chars(at_, end_, number).ptr; }
  void put_digits(std::uint64_t number, int width) {
    for (int i = width; i-- > 0; number /= 10) at_[i] = static_cast<char>('0' + number % 10);
    at_ += width;
  }

  // Text of the request cannot end its string, its line or the terminal it is shown on.
  void put_text(std::string_view text) {
    constexpr std::size_t escaped_max = 6;
    constexpr std::size_t numbers_max = 512;
    const auto room = static_cast<std::size_t>(end_ - at_);
    text = text.substr(0, room < numbers_max ? 0 : (room - numbers_max) / escaped_max);
    while (text.size() >= 8 && is_plain(text.data())) {
      std::memcpy(at_, text.data(), 8);
      at_ += 8;
      text.remove_prefix(8);
    }
    for (const char c : text) {
      if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') [[likely]] {
        *at_++ = c;
      } else {
        put_escaped(c);
      }
    }
  }
  void put_member(std::string_view opening, std::string_view text) {
    if (text.empty()) return;
    put(opening);
    put_text(text);
    *at_++ = '"';
  }
  // Of a short text that has no byte to escape.
  void put_plain_member(std::string_view opening, std::string_view text) {
    constexpr std::size_t plain_max = 64;
    if (text.empty()) return;
    put(opening);
    put(text.substr(0, plain_max));
    *at_++ = '"';
  }
  void put_member(std::string_view opening, std::uint64_t number) {
    put(opening);
    put_number(number);
  }

  // "2026-11-23T06:40:00" without a call of the C library, which takes a lock for time zones.
  void put_second(Instant at) {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(at - day);
    put_digits(static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
    *at_++ = '-';
    put_digits(static_cast<unsigned>(date.month()), 2);
    *at_++ = '-';
    put_digits(static_cast<unsigned>(date.day()), 2);
    *at_++ = 'T';
    put_digits(static_cast<std::uint64_t>(time.hours().count()), 2);
    *at_++ = ':';
    put_digits(static_cast<std::uint64_t>(time.minutes().count()), 2);
    *at_++ = ':';
    put_digits(static_cast<std::uint64_t>(time.seconds().count()), 2);
  }

  std::string_view text() const { return {begin_, static_cast<std::size_t>(at_ - begin_)}; }

 private:
  // True when none of eight bytes needs an escape; may say no to some that need none.
  static bool is_plain(const char* bytes) {
    constexpr std::uint64_t ones = 0x0101010101010101ULL;
    constexpr std::uint64_t highs = ones * 0x80;
    std::uint64_t x;
    std::memcpy(&x, bytes, sizeof x);
    const auto zero_in = [](std::uint64_t y) { return (y - ones) & ~y; };
    const std::uint64_t below_space = (x - ones * 0x20) & ~x;
    const std::uint64_t above_tilde = x + ones;
    return ((x | below_space | above_tilde | zero_in(x ^ ones * '"') | zero_in(x ^ ones * '\\')) &
            highs) == 0;
  }

  void put_escaped(char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    *at_++ = '\\';
    if (c == '"' || c == '\\') {
      *at_++ = c;
      return;
    }
    put("u00");
    *at_++ = digits[byte >> 4];
    *at_++ = digits[byte & 15];
  }

  char* const begin_;
  char* at_;
  char* const end_;
};

void write_line(LineWriter& out, std::string_view second, const AccessLine& line) {
  out.put("{\"time\":\"");
  out.put(second);
  out.put(".");
  out.put_digits(static_cast<std::uint64_t>(to_ms(line.at) % 1000), 3);
  out.put("Z\"");
  out.put_plain_member(",\"client\":\"", line.client);
  out.put_plain_member(",\"method\":\"", line.method);  // a token
  out.put_member(",\"path\":\"", line.path);
  out.put_member(",\"status\":", static_cast<std::uint64_t>(line.status));
  if (line.fault_code != 0) out.put_member(",\"code\":", line.fault_code);
  out.put_plain_member(",\"api\":\"", line.api_id);
  out.put_member(",\"resource\":\"", line.resource);
  out.put_plain_member(",\"application\":\"", line.application_id);
  out.put_plain_member(",\"activityid\":\"", line.activity_id);
  out.put_member(",\"request_bytes\":", line.request_bytes);
  out.put_member(",\"response_bytes\":", line.response_bytes);
  out.put_member(",\"latency_us\":", static_cast<std::uint64_t>(line.latency.count()));
  out.put_member(",\"backend_us\":", static_cast<std::uint64_t>(line.backend_latency.count()));
  out.put("}\n");
}

}  // namespace

void AccessLog::Lines::add(const AccessLine& line) {
  if (!log_.enabled()) return;
  if (buffer_.capacity() < buffer_bytes) buffer_.reserve(buffer_bytes);
  if (const auto second = std::chrono::floor<std::chrono::seconds>(line.at); second != second_) {
    second_ = second;
    LineWriter(second_text_.data(), second_text_.size()).put_second(line.at);
  }
  std::array<char, line_bytes_max> room;
  LineWriter writer(room.data(), room.size());
  write_line(writer, {second_text_.data(), second_text_.size()}, line);
  buffer_ += writer.text();
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
  struct stat status{};
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
