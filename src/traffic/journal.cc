// SPDX-License-Identifier: Apache-2.0
#include "traffic/journal.h"

#include <algorithm>
#include <string>

#include "core/plain_bytes.h"

namespace gatehouse::traffic {

namespace {

constexpr std::string_view log = "limits";
constexpr std::size_t reservation_size = 40;
// A record stays well below what a server takes at once (1 MB).
constexpr std::size_t record_reservations_max = 10'000;
constexpr std::size_t journal_bytes_max = 8 * 1024 * 1024;
// A new owner reads them one by one, while nobody grants.
constexpr std::size_t journal_records_max = 50'000;

std::string record_of(std::span<const limits::Reservation> reservations) {
  std::string bytes;
  bytes.reserve(reservations.size() * reservation_size);
  for (const limits::Reservation& reservation : reservations) {
    append_plain(bytes, reservation.key.high);
    append_plain(bytes, reservation.key.low);
    append_plain(bytes, reservation.window);
    append_plain(bytes, static_cast<std::uint64_t>(reservation.span.count()));
    append_plain(bytes, reservation.permits);
  }
  return bytes;
}

limits::Reservation reservation_at(std::string_view bytes, std::size_t at) {
  limits::Reservation reservation;
  reservation.key = {plain_at<std::uint64_t>(bytes, at), plain_at<std::uint64_t>(bytes, at + 8)};
  reservation.window = plain_at<std::uint64_t>(bytes, at + 16);
  reservation.span = std::chrono::milliseconds(plain_at<std::uint64_t>(bytes, at + 24));
  reservation.permits = plain_at<std::uint64_t>(bytes, at + 32);
  return reservation;
}

}  // namespace

Result<Journal::Contents> Journal::load() {
  GH_TRY(records, keep_.read(log));
  Contents contents;
  last_ = records.empty() ? 0 : records.back().number;
  contents.crashed = !records.empty();
  for (const bus::Kept& record : records) {
    for (std::size_t at = 0; at + reservation_size <= record.bytes.size(); at += reservation_size) {
      const limits::Reservation reservation = reservation_at(record.bytes, at);
      contents.crashed = reservation.key != limits::Key{};
      if (contents.crashed) contents.reservations.push_back(reservation);
    }
    // The first record of an owner may be empty.
    if (record.bytes.empty()) contents.crashed = true;
  }
  return contents;
}

Result<> Journal::append(std::span<const limits::Reservation> reservations) {
  do {
    const auto part = reservations.first(std::min(reservations.size(), record_reservations_max));
    std::string bytes = record_of(part);
    const std::size_t size = bytes.size();
    GH_TRY(number, keep_.append(log, last_, std::move(bytes)));
    last_ = number;
    ++records_;
    bytes_ += size;
    reservations = reservations.subspan(part.size());
  } while (!reservations.empty());
  return {};
}

// What was written before goes when all of it stands there again, so a crash in between loses
// nothing.
Result<> Journal::rewrite(std::span<const limits::Reservation> reservations) {
  const auto part = reservations.first(std::min(reservations.size(), record_reservations_max));
  GH_CHECK(append(part));
  const std::uint64_t first = last_;
  const auto rest = reservations.subspan(part.size());
  if (!rest.empty()) GH_CHECK(append(rest));
  base_bytes_ = reservations.size() * reservation_size;
  records_ = bytes_ = 0;
  return keep_.forget_before(log, first);
}

Result<> Journal::close_cleanly(std::span<const limits::Reservation> granted) {
  std::vector<limits::Reservation> records(granted.begin(), granted.end());
  records.emplace_back();
  return rewrite(records);
}

bool Journal::is_long() const {
  // A large base is worth as many bytes again before it is written anew.
  return bytes_ > std::max(journal_bytes_max, base_bytes_) || records_ > journal_records_max;
}

}  // namespace gatehouse::traffic
