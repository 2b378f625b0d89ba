// SPDX-License-Identifier: Apache-2.0
#include "http/field.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/text.h"

namespace gatehouse::http {
namespace {

// By FieldId.
constexpr std::array<std::string_view, field_id_count> names = {
    "",
    "",
    "Accept",
    "Accept-Encoding",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "activityid",
    "Age",
    "apikey",
    "Authorization",
    "Cache-Control",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "Cookie",
    "Date",
    "DPoP",
    "ETag",
    "Expect",
    "Forwarded",
    "Host",
    "HTTP2-Settings",
    "If-Modified-Since",
    "If-None-Match",
    "Internal-Key",
    "Keep-Alive",
    "Location",
    "Origin",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Range",
    "Referer",
    "Retry-After",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Version",
    "Server",
    "Set-Cookie",
    "SOAPAction",
    "TE",
    "traceparent",
    "tracestate",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "User-Agent",
    "Vary",
    "Via",
    "WWW-Authenticate",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
    "X-HTTP-Method-Override",
    "X-JWT-Assertion",
    "X-Original-URL",
    "X-Real-IP",
    "X-Request-ID",
    "X-Rewrite-URL",
    "X-WSO2-CLIENT-CERTIFICATE",
};
static_assert(names.back() == "X-WSO2-CLIENT-CERTIFICATE");

constexpr std::size_t name_bytes_max = 32;

// The same in lower case, by FieldId.
constexpr std::array<std::array<char, name_bytes_max>, field_id_count> lower_names = [] {
  std::array<std::array<char, name_bytes_max>, field_id_count> table{};
  for (std::size_t id = 0; id < names.size(); ++id) {
    for (std::size_t i = 0; i < names[id].size(); ++i) table[id][i] = ascii_lower(names[id][i]);
  }
  return table;
}();

// Lowers letters and leaves digits and '-' alone; no other byte of a token becomes one of these.
constexpr char fold(char c) { return static_cast<char>(c | 0x20); }

// A perfect hash: length and three letters tell the names apart. The multiplier is found by the
// compiler, and a name that collides with every multiplier does not compile.
constexpr std::size_t slot_count = 512;

constexpr std::size_t slot_of(std::string_view name, std::uint32_t multiplier) {
  const auto at = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(fold(name[i])));
  };
  const std::size_t size = name.size();
  const std::uint32_t key = static_cast<std::uint32_t>(size) | at(0) << 8 | at(size - 1) << 16 |
                            at(size < 4 ? 0 : size - 4) << 24;
  return (key * multiplier) >> 23;
}

constexpr std::uint32_t find_multiplier() {
  for (std::uint32_t multiplier = 0x9E3779B1;; multiplier += 2) {
    std::array<bool, slot_count> taken{};
    bool collides = false;
    for (std::size_t i = 2; i < names.size() && !collides; ++i) {
      bool& slot = taken[slot_of(names[i], multiplier)];
      collides = slot;
      slot = true;
    }
    if (!collides) return multiplier;
  }
}
constexpr std::uint32_t multiplier = find_multiplier();

constexpr std::array<std::uint8_t, slot_count> slots = [] {
  std::array<std::uint8_t, slot_count> table{};
  for (std::size_t i = 2; i < names.size(); ++i) {
    table[slot_of(names[i], multiplier)] = static_cast<std::uint8_t>(i);
  }
  return table;
}();

std::uint64_t load(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// True when `name`, folded, is the first name.size() bytes of `lower`.
bool is_folded(std::string_view name, const char* lower) {
  constexpr std::uint64_t folds = 0x2020202020202020;
  if (name.size() < 8) {
    for (std::size_t i = 0; i < name.size(); ++i) {
      if (fold(name[i]) != lower[i]) return false;
    }
    return true;
  }
  for (std::size_t i = 0; i + 8 < name.size(); i += 8) {
    if ((load(name.data() + i) | folds) != load(lower + i)) return false;
  }
  const std::size_t last = name.size() - 8;
  return (load(name.data() + last) | folds) == load(lower + last);
}

FieldId plain_field_id(std::string_view name) {
  const std::size_t id = slots[slot_of(name, multiplier)];
  const bool same = names[id].size() == name.size() && is_folded(name, lower_names[id].data());
  return same ? static_cast<FieldId>(id) : FieldId::other;
}

FieldId twin_or_other(std::string_view name) {
  std::array<char, name_bytes_max> dashed{};
  if (name.size() > dashed.size()) return FieldId::other;
  std::replace_copy(name.begin(), name.end(), dashed.begin(), '_', '-');
  const FieldId id = plain_field_id({dashed.data(), name.size()});
  return id == FieldId::other ? id : FieldId::twin;
}

}  // namespace

FieldId field_id(std::string_view name) {
  if (name.empty()) return FieldId::other;
  const FieldId id = plain_field_id(name);
  if (id != FieldId::other || name.find('_') == std::string_view::npos) return id;
  return twin_or_other(name);
}

std::string_view field_name(FieldId id) { return names[static_cast<std::size_t>(id)]; }

bool is_same_field(std::string_view a, std::string_view b) {
  const auto dashed = [](char c) { return c == '_' ? '-' : ascii_lower(c); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return dashed(x) == dashed(y); });
}

}  // namespace gatehouse::http
