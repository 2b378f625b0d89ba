// SPDX-License-Identifier: Apache-2.0
#include "traffic/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/digest.h"

namespace gatehouse::traffic {

namespace {

constexpr std::size_t record_size = 48;
constexpr std::size_t checked_size = 40;

template <typename Number>
void put(std::string& bytes, Number number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

template <typename Number>
Number get(std::string_view bytes, std::size_t at) {
  Number number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

void put_record(std::string& bytes, const limits::Reservation& reservation) {
  const std::size_t start = bytes.size();
  put(bytes, reservation.key.high);
  put(bytes, reservation.key.low);
  put(bytes, reservation.window);
  put(bytes, static_cast<std::uint64_t>(reservation.span.count()));
  put(bytes, reservation.permits);
  put(bytes, crc32(std::string_view(bytes).substr(start, checked_size)));
  put(bytes, std::uint32_t{0});
}

std::string records_of(std::span<const limits::Reservation> reservations) {
  std::string bytes;
  bytes.reserve(reservations.size() * record_size);
  for (const limits::Reservation& reservation : reservations) put_record(bytes, reservation);
  return bytes;
}

tl::unexpected<Error> broken(const std::string& file, std::string_view verb) {
  return fail(ErrorCode::unavailable, "The journal of limits cannot be written",
              fmt::format("{} {}: {}", verb, file, std::strerror(errno)));
}

}  // namespace

Journal::~Journal() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<Journal::Contents> Journal::load() {
  Contents contents;
  std::ifstream input(file_, std::ios::binary);
  if (!input) {
    if (std::filesystem::exists(file_)) return broken(file_, "read");
    return contents;
  }
  const std::string bytes((std::istreambuf_iterator<char>(input)), {});
  contents.crashed = true;
  for (std::size_t at = 0; at + record_size <= bytes.size(); at += record_size) {
    const std::string_view record = std::string_view(bytes).substr(at, record_size);
    if (get<std::uint32_t>(record, checked_size) != crc32(record.substr(0, checked_size))) break;
    limits::Reservation reservation;
    reservation.key = {get<std::uint64_t>(record, 0), get<std::uint64_t>(record, 8)};
    reservation.window = get<std::uint64_t>(record, 16);
    reservation.span = std::chrono::milliseconds(get<std::uint64_t>(record, 24));
    reservation.permits = get<std::uint64_t>(record, 32);
    contents.crashed = reservation.key != limits::Key{};
    if (contents.crashed) contents.reservations.push_back(reservation);
  }
  return contents;
}

Result<> Journal::write(int descriptor, const std::string& bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t part = ::write(descriptor, bytes.data() + written, bytes.size() - written);
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) return broken(file_, "write");
    written += static_cast<std::size_t>(part);
  }
  if (::fdatasync(descriptor) != 0) return broken(file_, "sync");
  size_ += bytes.size();
  return {};
}

Result<> Journal::rewrite(std::span<const limits::Reservation> reservations) {
  const std::string next = file_ + ".next";
  const int descriptor =
      ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor < 0) return broken(next, "open");
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = descriptor;
  size_ = 0;
  GH_CHECK(write(descriptor, records_of(reservations)));
  if (::rename(next.c_str(), file_.c_str()) != 0) return broken(file_, "rename");
  const std::string folder = std::filesystem::path(file_).parent_path().string();
  const int directory = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (directory < 0 || ::fsync(directory) != 0) return broken(folder, "sync");
  ::close(directory);
  return {};
}

Result<> Journal::append(std::span<const limits::Reservation> reservations) {
  return write(descriptor_, records_of(reservations));
}

Result<> Journal::close_cleanly(std::span<const limits::Reservation> granted) {
  std::vector<limits::Reservation> records(granted.begin(), granted.end());
  records.emplace_back();
  return rewrite(records);
}

}  // namespace gatehouse::traffic
