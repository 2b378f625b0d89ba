// SPDX-License-Identifier: Apache-2.0
#include "bus/local_keep.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/digest.h"
#include "core/plain_bytes.h"

namespace gatehouse::bus {

namespace {

constexpr std::size_t head_size = 16;
constexpr std::size_t checked_head_size = 12;  // all of it but the checksum

std::uint32_t checksum(std::string_view head, std::string_view bytes) {
  return crc32(std::string(head.substr(0, checked_head_size)).append(bytes));
}

std::string framed(std::uint64_t number, std::string_view bytes) {
  std::string record;
  record.reserve(head_size + bytes.size());
  append_plain(record, number);
  append_plain(record, static_cast<std::uint32_t>(bytes.size()));
  append_plain(record, checksum(record, bytes));
  record += bytes;
  return record;
}

// The whole records at the beginning of a file, and how many bytes they are.
std::vector<Kept> records_of(std::string_view bytes, std::size_t& whole) {
  std::vector<Kept> records;
  whole = 0;
  while (bytes.size() >= whole + head_size) {
    const std::string_view head = bytes.substr(whole, head_size);
    const std::size_t size = plain_at<std::uint32_t>(head, 8);
    if (bytes.size() - whole - head_size < size) break;
    const std::string_view content = bytes.substr(whole + head_size, size);
    if (plain_at<std::uint32_t>(head, checked_head_size) != checksum(head, content)) break;
    records.push_back({plain_at<std::uint64_t>(head, 0), std::string(content)});
    whole += head_size + size;
  }
  return records;
}

tl::unexpected<Error> broken(const std::string& file, std::string_view verb) {
  return fail(ErrorCode::unavailable, "What must be kept cannot be written",
              fmt::format("{} {}: {}", verb, file, std::strerror(errno)));
}

Result<std::string> content_of(const std::string& file) {
  std::ifstream input(file, std::ios::binary);
  if (!input && std::filesystem::exists(file)) return broken(file, "read");
  return std::string((std::istreambuf_iterator<char>(input)), {});
}

Result<> write_all(int descriptor, const std::string& bytes, const std::string& file) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t part = ::write(descriptor, bytes.data() + written, bytes.size() - written);
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) return broken(file, "write");
    written += static_cast<std::size_t>(part);
  }
  if (::fdatasync(descriptor) != 0) return broken(file, "sync");
  return {};
}

Result<> sync_folder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_CLOEXEC);
  const bool good = descriptor >= 0 && ::fsync(descriptor) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (!good) return broken(folder, "sync");
  return {};
}

tl::unexpected<Error> taken() { return fail(ErrorCode::conflict, "Somebody else has the office"); }

}  // namespace

LocalKeep::~LocalKeep() {
  for (const auto& [name, log] : logs_) {
    if (log.descriptor >= 0) ::close(log.descriptor);
  }
}

// Cuts off what a crash has left half-written.
Result<LocalKeep::Log*> LocalKeep::open(std::string_view name) {
  Log& log = logs_[std::string(name)];
  if (log.descriptor >= 0) return &log;
  log.file = fmt::format("{}/{}.journal", folder_, name);
  GH_TRY(bytes, content_of(log.file));
  std::size_t whole = 0;
  const std::vector<Kept> records = records_of(bytes, whole);
  const int descriptor = ::open(log.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor < 0) return broken(log.file, "open");
  if (::ftruncate(descriptor, static_cast<off_t>(whole)) != 0) {
    ::close(descriptor);
    return broken(log.file, "cut");
  }
  log.descriptor = descriptor;
  log.last = records.empty() ? 0 : records.back().number;
  GH_CHECK(sync_folder(folder_));
  return &log;
}

Result<std::vector<Kept>> LocalKeep::read(std::string_view name) {
  GH_TRY(log, open(name));
  GH_TRY(bytes, content_of(log->file));
  std::size_t whole = 0;
  return records_of(bytes, whole);
}

Result<std::uint64_t> LocalKeep::append(std::string_view name, std::uint64_t after,
                                        std::string bytes) {
  GH_TRY(log, open(name));
  if (after != log->last) return fail(ErrorCode::conflict, "Somebody else has written");
  const Result<> written = write_all(log->descriptor, framed(log->last + 1, bytes), log->file);
  if (!written) {
    // Whether it stands there, the next open() sees.
    ::close(std::exchange(log->descriptor, -1));
    return tl::unexpected<Error>(written.error());
  }
  return ++log->last;
}

Result<> LocalKeep::forget_before(std::string_view name, std::uint64_t number) {
  GH_TRY(log, open(name));
  GH_TRY(records, read(name));
  std::string kept;
  for (const Kept& record : records) {
    if (record.number >= number) kept += framed(record.number, record.bytes);
  }
  const std::string next = log->file + ".next";
  const int descriptor =
      ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor < 0) return broken(next, "open");
  const Result<> written = write_all(descriptor, kept, next);
  if (!written || ::rename(next.c_str(), log->file.c_str()) != 0) {
    ::close(descriptor);
    return written ? Result<>(broken(log->file, "rename")) : written;
  }
  ::close(std::exchange(log->descriptor, descriptor));
  return sync_folder(folder_);
}

Result<std::uint64_t> LocalKeep::take(std::string_view name) {
  Office& office = offices_[std::string(name)];
  if (clock_.tick() < office.until) return taken();
  office.until = clock_.tick() + term();
  return ++office.held;
}

Result<std::uint64_t> LocalKeep::renew(std::string_view name, std::uint64_t held) {
  Office& office = offices_[std::string(name)];
  // Nobody waited for it, should the process have slept for longer.
  if (office.held != held) return taken();
  office.until = clock_.tick() + term();
  return ++office.held;
}

Result<> LocalKeep::leave(std::string_view name, std::uint64_t held) {
  Office& office = offices_[std::string(name)];
  if (office.held != held) return taken();
  ++office.held;
  office.until = Tick{};
  return {};
}

}  // namespace gatehouse::bus
