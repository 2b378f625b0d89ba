// SPDX-License-Identifier: Apache-2.0
#include "model/foreign_token.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace gatehouse::model {

namespace {

constexpr std::string_view place_of_client = "{client}";

// The claim of this name, else the one at this path: "realm_access.roles" is inside another claim.
const json::value* claim_at(const json::object& claims, std::string_view name) {
  if (const json::value* claim = claims.if_contains(name)) return claim;
  const std::size_t dot = name.find('.');
  const json::object* inner =
      dot == std::string_view::npos ? nullptr : object_at(claims, name.substr(0, dot));
  return inner == nullptr ? nullptr : claim_at(*inner, name.substr(dot + 1));
}

std::string text_at(const json::object& claims, std::string_view name) {
  const json::value* claim = claim_at(claims, name);
  return claim != nullptr && claim->is_string() ? std::string(claim->get_string()) : std::string();
}

// The first of the claims that is a text with something in it.
template <std::size_t size>
std::string first_text(const json::object& claims, const std::string& configured,
                       const std::array<const char*, size>& usual) {
  std::vector<std::string> names = split_words(configured);
  if (names.empty()) names.assign(usual.begin(), usual.end());
  for (const std::string& name : names) {
    std::string text = text_at(claims, name);
    if (!text.empty()) return text;
  }
  return "";
}

// Words of one text, or a list of texts.
std::vector<std::string> words_of(const json::value& claim) {
  if (claim.is_string()) return split_words(claim.get_string());
  std::vector<std::string> words;
  for (const json::value& item : claim.is_array() ? claim.get_array() : json::array()) {
    if (item.is_string()) words.emplace_back(item.get_string());
  }
  return words;
}

// Of every claim that is configured, or of the first usual one.
std::vector<std::string> scopes_of(const json::object& claims, const std::string& configured) {
  constexpr std::array usual{"scope", "scp", "scopes"};
  std::vector<std::string> scopes;
  for (const std::string& name : split_words(configured)) {
    const json::value* claim = claim_at(claims, name);
    if (claim == nullptr) continue;
    const std::vector<std::string> more = words_of(*claim);
    scopes.insert(scopes.end(), more.begin(), more.end());
  }
  if (!configured.empty()) return scopes;
  for (const char* name : usual) {
    if (const json::value* claim = claims.if_contains(name)) return words_of(*claim);
  }
  return {};
}

// "service-account-{client}" with the client's id in its place.
std::string filled(std::string pattern, const std::string& client_id) {
  const std::size_t place = pattern.find(place_of_client);
  if (place != std::string::npos) pattern.replace(place, place_of_client.size(), client_id);
  return pattern;
}

bool is_of_application(const json::object& claims, const KnownKeyManager& from,
                       const std::string& client_id) {
  const std::string subject = text_or(claims, "sub", "");
  if (subject.empty() || subject == client_id) return true;
  if (from.application_claim.empty()) return false;
  return text_or(claims, from.application_claim, "") == filled(from.application_value, client_id);
}

}  // namespace

Result<ForeignIdentity> foreign_identity(const json::object& claims, const KnownKeyManager& from) {
  constexpr std::array clients{"azp", "client_id", "cid", "appid"};
  constexpr std::array users{"username", "preferred_username", "sub"};
  ForeignIdentity identity;
  identity.client_id = first_text(claims, from.consumer_key_claim, clients);
  if (identity.client_id.empty()) {
    return fail(ErrorCode::unauthenticated, "No claim names the client", from.name);
  }
  identity.scopes = scopes_of(claims, from.scopes_claim);
  if (is_of_application(claims, from, identity.client_id)) return identity;
  // Users of another server are no users of ours, whatever they are called.
  identity.user_id = from.id + "/" + text_or(claims, "sub", "");
  identity.user = first_text(claims, from.user_claim, users);
  if (identity.user.empty()) identity.user = text_or(claims, "sub", "");
  return identity;
}

bool may_be_access_token(std::string_view type, const json::object& claims) {
  constexpr std::array types{"", "jwt", "at+jwt", "application/at+jwt"};
  const std::string lower = to_lower(type);
  if (std::find(types.begin(), types.end(), lower) == types.end()) return false;
  for (const char* of_id_tokens : {"nonce", "at_hash", "c_hash"}) {
    if (claims.contains(of_id_tokens)) return false;
  }
  const std::string kind = text_or(claims, "typ", "Bearer");  // Keycloak says what it signed
  return equals_ignoring_case(kind, "bearer") || equals_ignoring_case(kind, "dpop");
}

}  // namespace gatehouse::model
