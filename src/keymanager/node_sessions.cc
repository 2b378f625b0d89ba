// SPDX-License-Identifier: Apache-2.0
#include "keymanager/node_sessions.h"

#include <fmt/format.h>

#include "core/digest.h"
#include "core/error.h"
#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view version = "v1.";
constexpr std::size_t session_bytes_max = 512;

std::int64_t seconds_of(Instant instant) { return to_ms(instant) / 1000; }

// What stands behind the last dot of `text`, which loses both.
std::string_view take_last(std::string_view& text) {
  const std::size_t dot = text.rfind('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view last = text.substr(dot + 1);
  text = text.substr(0, dot);
  return last;
}

}  // namespace

NodeSessions::NodeSessions(const std::vector<std::string>& keys, const Clock& clock)
    : clock_(clock) {
  GH_ASSERT(!keys.empty());
  for (const std::string& bytes : keys) keys_.push_back({sha256_hex(bytes).substr(0, 16), bytes});
}

std::string NodeSessions::tag(const Key& key, std::string_view text) {
  return to_base64url(to_bytes(hmac_sha256(key.bytes, text)));
}

std::string NodeSessions::make(std::string_view node) const {
  const Key& key = keys_.front();
  std::string session =
      fmt::format("{}{}.{}.{}", version, node, seconds_of(clock_.now() + lifetime), key.version);
  session += "." + tag(key, session);
  return session;
}

std::optional<std::string> NodeSessions::check(std::string_view session) const {
  if (session.size() > session_bytes_max || !session.starts_with(version)) return std::nullopt;
  std::string_view rest = session;
  const std::string_view given = take_last(rest);
  const std::string_view signed_text = rest;
  const std::string_view key_version = take_last(rest);
  const std::optional<std::uint64_t> expires = parse_number(take_last(rest));
  if (!expires || rest.size() <= version.size()) return std::nullopt;
  for (const Key& key : keys_) {
    if (key.version != key_version) continue;
    if (!equals_in_constant_time(tag(key, signed_text), given)) return std::nullopt;
    if (static_cast<std::int64_t>(*expires) <= seconds_of(clock_.now())) return std::nullopt;
    return std::string(rest.substr(version.size()));
  }
  return std::nullopt;
}

}  // namespace gatehouse::keymanager
