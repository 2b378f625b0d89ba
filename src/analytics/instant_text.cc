// SPDX-License-Identifier: Apache-2.0
#include "analytics/instant_text.h"

#include <fmt/format.h>

#include "core/text.h"

namespace gatehouse::analytics {

namespace {

using namespace std::chrono;

// Reads exactly `size` digits and then the separator, if there is one to read.
bool take(std::string_view& text, std::size_t size, char separator, int& number) {
  if (text.size() < size) return false;
  const auto parsed = parse_number(text.substr(0, size));
  if (!parsed) return false;
  number = static_cast<int>(*parsed);
  text.remove_prefix(size);
  if (separator == '\0') return true;
  if (!text.starts_with(separator)) return false;
  text.remove_prefix(1);
  return true;
}

// ".25Z" → 250 milliseconds; "Z" → 0. Digits beyond the third are cut.
bool take_fraction(std::string_view& text, std::int64_t& ms) {
  if (!text.starts_with('.')) return true;
  text.remove_prefix(1);
  std::int64_t scale = 100;
  std::size_t digits = 0;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), ++digits) {
    ms += (text.front() - '0') * scale;
    scale /= 10;
  }
  return digits > 0;
}

bool read(std::string_view text, Instant& instant) {
  int y = 0;
  int m = 0;
  int d = 0;
  const char after_day = text.size() > 10 ? 'T' : '\0';
  if (!take(text, 4, '-', y) || !take(text, 2, '-', m) || !take(text, 2, after_day, d)) {
    return false;
  }
  const year_month_day date{year(y), month(static_cast<unsigned>(m)),
                            day(static_cast<unsigned>(d))};
  if (!date.ok()) return false;
  instant = Instant(sys_days(date));
  if (text.empty()) return after_day == '\0';
  int hour_number = 0;
  int minute_number = 0;
  int second_number = 0;
  std::int64_t ms = 0;
  if (!take(text, 2, ':', hour_number) || !take(text, 2, ':', minute_number) ||
      !take(text, 2, '\0', second_number) || !take_fraction(text, ms) || text != "Z") {
    return false;
  }
  if (hour_number > 23 || minute_number > 59 || second_number > 60) return false;
  instant +=
      hours(hour_number) + minutes(minute_number) + seconds(second_number) + milliseconds(ms);
  return true;
}

}  // namespace

Result<Instant> parse_instant(std::string_view text) {
  if (const auto number = parse_number(text); number && *number < INT64_MAX) {
    return from_ms(static_cast<std::int64_t>(*number));
  }
  Instant instant{};
  if (read(text, instant)) return instant;
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}' is not an instant like 2026-11-23T06:40:00Z", text));
}

}  // namespace gatehouse::analytics
