// SPDX-License-Identifier: Apache-2.0
#include "devportal/api_key_view.h"

#include "core/digest.h"
#include "core/id.h"
#include "core/text.h"
#include "net/address.h"

namespace gatehouse::devportal {

namespace {

using storage::ApiKeyRow;

constexpr std::size_t key_bytes = 32;
constexpr std::size_t parts_max = 64;
constexpr std::size_t name_bytes_max = 100;

// "10.0.0.0/8, 192.168.1.7" → its parts.
std::vector<std::string> parts_of(const json::object& properties, std::string_view name) {
  const std::string text = text_or(properties, name, "");
  std::vector<std::string> parts;
  for (const std::string_view part : split(text, ',')) {
    if (!trim(part).empty()) parts.emplace_back(trim(part));
  }
  return parts;
}

Result<> check(const ApiKeyRow& key) {
  if (key.name.size() > name_bytes_max) {
    return fail(ErrorCode::invalid_argument, "'keyName' is too long");
  }
  if (key.permitted_addresses.size() > parts_max || key.permitted_referers.size() > parts_max) {
    return fail(ErrorCode::invalid_argument, "An API key has at most 64 restrictions");
  }
  for (const std::string& address : key.permitted_addresses) {
    if (net::Network::parse(address)) continue;
    return fail(ErrorCode::invalid_argument,
                fmt::format("'permittedIP': '{}' is no address and no network", address));
  }
  return {};
}

}  // namespace

Result<MadeApiKey> make_api_key(Random& random, const rest::Call& call, Instant now) {
  const json::object none;
  const json::object& body = call.body.is_object() ? call.object() : none;
  const json::object* properties = object_at(body, "additionalProperties");
  const json::object& restrictions = properties == nullptr ? none : *properties;
  const std::int64_t seconds = number_or(body, "validityPeriod", -1);
  MadeApiKey key;
  key.text = to_base64url(random.bytes(key_bytes));
  key.row.id = random_uuid(random);
  key.row.hash = to_bytes(sha256(key.text));
  key.row.name = text_or(body, "keyName", "");
  key.row.permitted_addresses = parts_of(restrictions, "permittedIP");
  key.row.permitted_referers = parts_of(restrictions, "permittedReferer");
  key.row.user_id = call.caller.user_id;
  key.row.created_at = now;
  if (seconds > 0) {
    key.row.expires_at = now + std::chrono::seconds(std::min<std::int64_t>(seconds, INT32_MAX));
  }
  GH_CHECK(check(key.row));
  return key;
}

MadeApiKey renew_api_key(Random& random, ApiKeyRow row, Instant now) {
  MadeApiKey key{to_base64url(random.bytes(key_bytes)), std::move(row)};
  key.row.hash = to_bytes(sha256(key.text));
  if (key.row.expires_at != Instant{})
    key.row.expires_at = now + (key.row.expires_at - key.row.created_at);
  key.row.created_at = now;
  key.row.last_used_at = {};
  return key;
}

json::object made_view(const MadeApiKey& key) {
  json::object view;
  view["keyName"] = key.row.name;
  view["apikey"] = key.text;
  view["validityPeriod"] = key.row.validity_s();
  return view;
}

json::object info_view(const ApiKeyRow& key) {
  json::object info;
  info["keyUUID"] = key.id;
  info["keyName"] = key.name;
  info["issuedOn"] = to_ms(key.created_at);
  info["validityPeriod"] = key.validity_s();
  if (key.last_used_at != Instant{}) info["lastUsed"] = to_ms(key.last_used_at);
  return info;
}

}  // namespace gatehouse::devportal
