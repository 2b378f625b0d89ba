// SPDX-License-Identifier: Apache-2.0
#include "http/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "core/error.h"
#include "http/scan.h"

namespace gatehouse::http {
namespace {

constexpr FieldSet framed_by_us = hop_by_hop_fields | FieldSet{FieldId::content_length};

bool has_no_body(int status) { return status == 204 || status == 304; }

}  // namespace

void append_request_line(std::string& out, std::string_view method, std::string_view target) {
  append_texts(out, method, " ", target, " HTTP/1.1\r\n");
}

void append_status_line(std::string& out, int status) {
  GH_ASSERT(status >= 100 && status <= 999);
  const std::array<char, 3> digits{static_cast<char>('0' + status / 100),
                                   static_cast<char>('0' + status / 10 % 10),
                                   static_cast<char>('0' + status % 10)};
  append_texts(out, "HTTP/1.1 ", std::string_view(digits.data(), digits.size()), " ",
               reason_phrase(status), "\r\n");
}

void append_field(std::string& out, std::string_view name, std::uint64_t value) {
  std::array<char, 20> digits;
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  append_field(out, name, {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void append_fields(std::string& out, const Head& head, FieldSet dropped) {
  const std::span<const Field> fields = head.fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field& first = fields[i];
    const auto stays = [&](const Field& field) {
      return !dropped.has(field.id) && !field.named_by_connection;
    };
    if (!stays(first)) continue;
    if (!first.plain) {
      append_field(out, head.name(first), head.value(first));
      continue;
    }
    while (i + 1 < fields.size() && fields[i + 1].plain && stays(fields[i + 1])) ++i;
    const char* const begin = head.name(first).data();
    const std::string_view end = head.value(fields[i]);
    out.append(begin, end.data() + end.size() + 2);
  }
}

bool is_field_name(std::string_view text) {
  const char* const end = text.data() + text.size();
  return !text.empty() && skip_token(text.data(), end) == end;
}

bool is_field_value(std::string_view text) {
  const char* const end = text.data() + text.size();
  return skip_value(text.data(), end) == end;
}

std::string http_date(Instant instant) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(instant).time_since_epoch().count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                     months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

void append_answer_head(std::string& out, const Response& response, const AnswerOptions& options,
                        Instant now) {
  append_status_line(out, response.status);
  bool dated = false;
  for (const auto& [name, value] : response.headers) {
    const FieldId id = field_id(name);
    dated |= id == FieldId::date;
    if (framed_by_us.has(id) || !is_field_name(name) || !is_field_value(value)) continue;
    append_field(out, name, value);
  }
  if (!dated) append_field(out, "Date", http_date(now));
  if (!has_no_body(response.status)) append_field(out, "Content-Length", response.body.size());
  if (options.after == AnswerOptions::After::close) {
    append_field(out, "Connection", "close");
  } else if (options.version == Version::http_1_0) {
    append_field(out, "Connection", "keep-alive");
  }
  end_head(out);
}

}  // namespace gatehouse::http
