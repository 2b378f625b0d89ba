// SPDX-License-Identifier: Apache-2.0
//
// Writes heads: appends to a string that its owner keeps, so a warm one allocates nothing.
//
// A forwarded head is written from the offsets of the one that was read: runs of fields that stay
// and were written plainly are copied in one piece, the others are written anew.
//
// Thread:  pure functions.
// Source:  RFC 9112, sections 3, 4 and 5; RFC 9110, section 5.6.7 (dates).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "http/head.h"
#include "http/message.h"

namespace gatehouse::http {

// The texts one after the other: the string grows once.
template <typename... Texts>
void append_texts(std::string& out, const Texts&... texts) {
  const auto append = [&out](const auto&... views) {
    const std::size_t before = out.size();
    out.resize(before + (views.size() + ...));
    char* at = out.data() + before;
    ((at = std::copy_n(views.data(), views.size(), at)), ...);
  };
  append(std::string_view(texts)...);
}

// "GET /path HTTP/1.1\r\n"
void append_request_line(std::string& out, std::string_view method, std::string_view target);
// "HTTP/1.1 200 OK\r\n"
void append_status_line(std::string& out, int status);
// "Name: value\r\n". A value from outside is checked with is_field_value first.
inline void append_field(std::string& out, std::string_view name, std::string_view value) {
  append_texts(out, name, ": ", value, "\r\n");
}
void append_field(std::string& out, std::string_view name, std::uint64_t value);
// Every field of `head` but those in `dropped` and those that its Connection names.
void append_fields(std::string& out, const Head& head, FieldSet dropped);
// "\r\n": nothing of the head follows.
inline void end_head(std::string& out) { out += "\r\n"; }

// True when the text may stand as a field's name or value in a head that we write: nothing in it
// ends a line.
bool is_field_name(std::string_view text);
bool is_field_value(std::string_view text);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(Instant instant);

// The head of an answer in memory, with Content-Length and Date. Fields that framing stands on, and
// fields that would end a line, are left out.
struct AnswerOptions {
  enum class After : std::uint8_t { keep, close };

  Version version = Version::http_1_1;  // of the request
  After after = After::keep;
};
void append_answer_head(std::string& out, const Response& response, const AnswerOptions& options,
                        Instant now);

}  // namespace gatehouse::http
