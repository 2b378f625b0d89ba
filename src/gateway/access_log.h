// SPDX-License-Identifier: Apache-2.0
//
// The access log: one JSON line per request, written off the loops.
//
// A worker formats its lines into a buffer of its own and hands it over when it is full or a moment
// has passed; a thread writes it. When the disk does not keep up, or is full, lines are dropped and
// counted: a log never stops traffic. The file is rotated by size.
//
// Thread:  AccessLog: any, one mutex for the buffers on their way (docs/locks.md).
// AccessLog::Lines:
//          one event loop.
// Memory:  two buffers of `buffer_bytes` per worker.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/clock.h"

namespace gatehouse::gateway {

struct AccessLogOptions {
  std::string file;  // "-": standard output; "": no log
  std::uint64_t rotate_bytes = 256ULL * 1024 * 1024;
  std::size_t keep = 8;  // files beside the one being written: file.1 is the newest
};

// What a line says. Views need to live only during add(). Ids and the client's address are short
// and plain: letters, digits and punctuation that JSON takes as it is.
struct AccessLine {
  Instant at{};
  std::string_view client;
  std::string_view method;
  std::string_view path;  // without the query, which may carry credentials
  int status = 0;
  std::uint32_t fault_code = 0;
  std::string_view api_id;
  std::string_view resource;
  std::string_view application_id;
  std::string_view activity_id;
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
  std::chrono::microseconds latency{0};
  std::chrono::microseconds backend_latency{0};
};

class AccessLog {
 public:
  static constexpr std::size_t buffer_bytes = 256 * 1024;
  static constexpr std::size_t line_bytes_max = 8192;

  explicit AccessLog(AccessLogOptions options);
  // Writes what was handed over.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // Any thread: the file is opened anew before the next write (somebody has moved it).
  void reopen();
  // Lines that were not written.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  // A worker's end of the log.
  class Lines {
   public:
    explicit Lines(AccessLog& log) : log_(log) {}
    ~Lines() { hand_over(); }
    Lines(const Lines&) = delete;
    Lines& operator=(const Lines&) = delete;

    void add(const AccessLine& line);
    // What has been added is on its way; called about every 100 ms.
    void hand_over();

   private:
    AccessLog& log_;
    std::string buffer_;
    std::uint64_t count_ = 0;
    // The second of the last line, and its text.
    std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
    std::array<char, 19> second_text_{};
  };

 private:
  struct Batch {
    std::string text;
    std::uint64_t lines = 0;
  };

  bool enabled() const { return !options_.file.empty(); }
  // Takes over `text` and leaves an empty buffer with memory in its place.
  void take(std::string& text, std::uint64_t lines);
  void write_batches();
  void write(const Batch& batch);
  bool open_file();
  void rotate();

  static constexpr std::size_t batches_max = 64;
  static constexpr std::size_t spare_max = 8;

  const AccessLogOptions options_;
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<bool> reopen_{false};

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Batch> waiting_;      // guarded by mutex_
  std::vector<std::string> spare_;  // guarded by mutex_
  bool stopping_ = false;           // guarded by mutex_

  // Owned by the writing thread.
  int file_ = -1;
  std::uint64_t file_bytes_ = 0;

  std::thread thread_;
};

}  // namespace gatehouse::gateway
