// SPDX-License-Identifier: Apache-2.0
#include "model/foreign_token.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace gatehouse::model {

namespace {

constexpr std::string_view place_of_client = "{client}";

// The first of the claims that is a text with something in it.
template <std::size_t size>
std::string first_text(const json::object& claims, const std::string& configured,
                       const std::array<const char*, size>& usual) {
  if (!configured.empty()) return text_or(claims, configured, "");
  for (const char* name : usual) {
    std::string text = text_or(claims, name, "");
    if (!text.empty()) return text;
  }
  return "";
}

// Words of one text, or a list of texts.
std::vector<std::string> scopes_of(const json::object& claims, const std::string& configured) {
  constexpr std::array usual{"scope", "scp", "scopes"};
  const auto read = [&](std::string_view name) {
    const json::value* claim = claims.if_contains(name);
    if (claim == nullptr) return std::vector<std::string>();
    if (claim->is_string()) return split_words(claim->get_string());
    return texts_of(claims, name);
  };
  if (!configured.empty()) return read(configured);
  for (const char* name : usual) {
    if (claims.contains(name)) return read(name);
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
