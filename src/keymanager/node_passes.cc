// SPDX-License-Identifier: Apache-2.0
#include "keymanager/node_passes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/digest.h"
#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view version = "v1.";
constexpr char between = '\n';  // of environments
constexpr std::size_t name_bytes_max = 128;
constexpr std::uint64_t seconds_max = 1ULL << 40;  // fits in milliseconds

std::int64_t seconds_of(Instant instant) { return to_ms(instant) / 1000; }

// What stands behind the last dot of `text`, which loses both.
std::string_view take_last(std::string_view& text) {
  const std::size_t dot = text.rfind('.');
  if (dot == std::string_view::npos) {
    text = {};
    return {};
  }
  const std::string_view last = text.substr(dot + 1);
  text = text.substr(0, dot);
  return last;
}

// The parts of a pass as they stand there.
struct Parts {
  std::string_view signed_text, node, serial, environments, expires, key_version, tag;

  static std::optional<Parts> of(std::string_view text) {
    if (text.size() > NodePasses::bytes_max || !text.starts_with(version)) return std::nullopt;
    Parts parts;
    parts.tag = take_last(text);
    parts.signed_text = text;
    parts.key_version = take_last(text);
    parts.expires = take_last(text);
    parts.environments = take_last(text);
    parts.serial = take_last(text);
    if (text.size() <= version.size()) return std::nullopt;
    parts.node = text.substr(version.size());
    return parts;
  }
};

// A name that stands in a cookie, and before the colon of Basic, as it is.
bool is_node_name(std::string_view name) {
  return !name.empty() && name.size() <= name_bytes_max &&
         std::all_of(name.begin(), name.end(), [](char c) {
           const char lower = ascii_lower(c);
           return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
         });
}

bool is_environment_name(std::string_view name) {
  return !name.empty() && name.find_first_of("\n,") == std::string_view::npos;
}

tl::unexpected<Error> disbelieve(const char* why) {
  return fail(ErrorCode::unauthenticated, "The node is not known", why);
}

tl::unexpected<Error> refuse(std::string why) {
  return fail(ErrorCode::invalid_argument, std::move(why));
}

}  // namespace

NodePasses::NodePasses(const std::vector<std::string>& keys, const Clock& clock) : clock_(clock) {
  GH_ASSERT(!keys.empty());
  for (const std::string& bytes : keys) keys_.push_back({sha256_hex(bytes).substr(0, 16), bytes});
}

std::string NodePasses::tag(const Key& key, std::string_view text) {
  return to_base64url(to_bytes(hmac_sha256(key.bytes, text)));
}

Result<std::string> NodePasses::make(const NodePass& pass) const {
  const std::vector<std::string>& environments = pass.node.environments;
  if (!is_node_name(pass.node.name)) {
    return refuse(
        fmt::format("'{}' is no name of a node: at most {} letters, digits, '-', '.', '_'",
                    pass.node.name, name_bytes_max));
  }
  if (environments.empty() || !std::ranges::all_of(environments, is_environment_name)) {
    return refuse("name at least one environment, without commas");
  }
  const Key& key = keys_.front();
  std::string text = fmt::format("{}{}.{}.{}.{}.{}", version, pass.node.name, pass.serial,
                                 to_base64url(join(environments, std::string_view(&between, 1))),
                                 seconds_of(pass.expires), key.version);
  text += "." + tag(key, text);
  if (text.size() > bytes_max) return refuse("these are more environments than a node may have");
  return text;
}

Result<> NodePasses::check_tag(std::string_view key_version, std::string_view text,
                               std::string_view given) const {
  for (const Key& key : keys_) {
    if (key.version != key_version) continue;
    if (equals_in_constant_time(tag(key, text), given)) return {};
    return disbelieve("its pass is not what we have signed");
  }
  return disbelieve("its pass is of another key");
}

Result<NodePass> NodePasses::read(std::string_view text) {
  const std::optional<Parts> parts = Parts::of(text);
  if (!parts) return disbelieve("it showed no pass");
  const std::optional<std::uint64_t> expires = parse_number(parts->expires);
  const std::optional<std::uint64_t> serial = parse_number(parts->serial);
  const Result<std::string> environments = from_base64url(parts->environments);
  const bool sound = expires && *expires <= seconds_max && serial && environments;
  if (!sound) return disbelieve("its pass cannot be read");
  NodePass pass;
  pass.expires = from_ms(static_cast<std::int64_t>(*expires) * 1000);
  pass.serial = *serial;
  pass.node.name = parts->node;
  for (const std::string_view name : split(*environments, between)) {
    pass.node.environments.emplace_back(name);
  }
  return pass;
}

Result<NodePass> NodePasses::check(std::string_view text) const {
  GH_TRY(pass, read(text));
  const Parts parts = *Parts::of(text);
  GH_CHECK(check_tag(parts.key_version, parts.signed_text, parts.tag));
  if (pass.expires <= clock_.now()) return disbelieve("its pass has expired");
  return pass;
}

}  // namespace gatehouse::keymanager
