// SPDX-License-Identifier: Apache-2.0
#include "http/field.h"

#include <array>

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
    "Sec-WebSocket-Key",
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
};
static_assert(names.back() == "X-Rewrite-URL");

constexpr char dashed(char c) { return c == '_' ? '-' : ascii_lower(c); }

// A perfect hash: length and three letters tell the names apart. The multiplier is found by the
// compiler, and a name that collides with every multiplier does not compile.
constexpr std::size_t slot_count = 512;

constexpr std::size_t slot_of(std::string_view name, std::uint32_t multiplier) {
  const auto at = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(dashed(name[i])));
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

constexpr std::array<std::uint8_t, slot_count> make_slots() {
  std::array<std::uint8_t, slot_count> slots{};
  for (std::size_t i = 2; i < names.size(); ++i) {
    slots[slot_of(names[i], multiplier)] = static_cast<std::uint8_t>(i);
  }
  return slots;
}
constexpr std::array<std::uint8_t, slot_count> slots = make_slots();

}  // namespace

FieldId field_id(std::string_view name) {
  if (name.empty()) return FieldId::other;
  const std::size_t id = slots[slot_of(name, multiplier)];
  const std::string_view known = names[id];
  if (known.size() != name.size()) return FieldId::other;
  bool twin = false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (dashed(name[i]) != ascii_lower(known[i])) return FieldId::other;
    twin |= name[i] == '_';
  }
  return twin ? FieldId::twin : static_cast<FieldId>(id);
}

std::string_view field_name(FieldId id) { return names[static_cast<std::size_t>(id)]; }

bool is_same_field(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (dashed(a[i]) != dashed(b[i])) return false;
  }
  return true;
}

}  // namespace gatehouse::http
