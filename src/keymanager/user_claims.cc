// SPDX-License-Identifier: Apache-2.0
#include "keymanager/user_claims.h"

#include <algorithm>
#include <array>

namespace gatehouse::keymanager {

namespace {

// What a claim is read from.
struct Source {
  const Account& account;
  const json::object& profile;
};

// Null stands for a claim that is not known.
json::value known(const std::string& text) {
  return text.empty() ? json::value() : json::value(text);
}

json::value text_of(const json::object& object, std::string_view name) {
  return known(text_or(object, name, ""));
}

json::value name_part(const Source& source, std::string_view part) {
  const json::object* name = object_at(source.profile, "name");
  return name == nullptr ? json::value() : text_of(*name, part);
}

// Of a list of SCIM the primary entry, or else the first one; null without any.
const json::object* primary(const json::object& profile, std::string_view list) {
  const json::array* entries = array_at(profile, list);
  const json::object* first = nullptr;
  if (entries == nullptr) return first;
  for (const json::value& entry : *entries) {
    if (!entry.is_object()) continue;
    if (flag_or(entry.get_object(), "primary", false)) return &entry.get_object();
    if (first == nullptr) first = &entry.get_object();
  }
  return first;
}

json::value primary_value(const Source& source, std::string_view list) {
  const json::object* entry = primary(source.profile, list);
  return entry == nullptr ? json::value() : text_of(*entry, "value");
}

// What an entry says of itself, beyond RFC 7643: whether somebody has checked it. Null when it does
// not say.
json::value verified(const json::object* entry) {
  const json::value* said = entry == nullptr ? nullptr : entry->if_contains("verified");
  return said != nullptr && said->is_bool() ? *said : json::value();
}

// Of the address that the claim `email` tells, which may have changed since one was checked.
json::value email_verified(const Source& source) {
  const std::string& email = source.account.user.email;
  const json::array* entries = array_at(source.profile, "emails");
  if (entries == nullptr || email.empty()) return {};
  for (const json::value& entry : *entries) {
    const json::object* address = entry.if_object();
    if (address != nullptr && text_or(*address, "value", "") == email) return verified(address);
  }
  return {};
}

json::value phone_number_verified(const Source& source) {
  const json::object* entry = primary(source.profile, "phoneNumbers");
  return primary_value(source, "phoneNumbers").is_null() ? json::value() : verified(entry);
}

json::value full_name(const Source& source) {
  json::value formatted = name_part(source, "formatted");
  return formatted.is_null() ? text_of(source.profile, "displayName") : formatted;
}

json::value updated_at(const Source& source) {
  const std::int64_t seconds = to_ms(source.account.user.updated_at) / 1000;
  return seconds == 0 ? json::value() : json::value(seconds);
}

json::value locale(const Source& source) {
  json::value chosen = text_of(source.profile, "locale");
  return chosen.is_null() ? text_of(source.profile, "preferredLanguage") : chosen;
}

// OpenID Connect Core 1.0, section 5.1.1.
json::value address(const Source& source) {
  const json::object* kept = primary(source.profile, "addresses");
  if (kept == nullptr) return {};
  json::object made;
  const auto add = [&](std::string_view claim, std::string_view part) {
    json::value value = text_of(*kept, part);
    if (!value.is_null()) made[claim] = std::move(value);
  };
  add("formatted", "formatted");
  add("street_address", "streetAddress");
  add("locality", "locality");
  add("region", "region");
  add("postal_code", "postalCode");
  add("country", "country");
  return made.empty() ? json::value() : json::value(std::move(made));
}

struct Claim {
  std::string_view scope;
  std::string_view name;
  json::value (*read)(const Source& source);
};

constexpr std::array claims{
    Claim{"openid", "sub", [](const Source& from) { return known(from.account.user.id); }},
    Claim{"profile", "name", full_name},
    Claim{"profile", "given_name", [](const Source& from) { return name_part(from, "givenName"); }},
    Claim{"profile", "family_name",
          [](const Source& from) { return name_part(from, "familyName"); }},
    Claim{"profile", "middle_name",
          [](const Source& from) { return name_part(from, "middleName"); }},
    Claim{"profile", "nickname",
          [](const Source& from) { return text_of(from.profile, "nickName"); }},
    Claim{"profile", "preferred_username",
          [](const Source& from) { return known(from.account.user.name); }},
    Claim{"profile", "profile",
          [](const Source& from) { return text_of(from.profile, "profileUrl"); }},
    Claim{"profile", "picture", [](const Source& from) { return primary_value(from, "photos"); }},
    Claim{"profile", "zoneinfo",
          [](const Source& from) { return text_of(from.profile, "timezone"); }},
    Claim{"profile", "locale", locale},
    Claim{"profile", "updated_at", updated_at},
    Claim{"email", "email", [](const Source& from) { return known(from.account.user.email); }},
    Claim{"email", "email_verified", email_verified},
    Claim{"address", "address", address},
    Claim{"phone", "phone_number",
          [](const Source& from) { return primary_value(from, "phoneNumbers"); }},
    Claim{"phone", "phone_number_verified", phone_number_verified},
    Claim{"groups", "groups",
          [](const Source& from) -> json::value { return to_json(from.account.roles); }},
};

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

json::object user_claims(const Account& account, const json::object& profile,
                         const std::vector<std::string>& scopes) {
  const Source source{account, profile};
  json::object object;
  for (const Claim& claim : claims) {
    if (!contains(scopes, claim.scope)) continue;
    json::value value = claim.read(source);
    if (!value.is_null()) object[claim.name] = std::move(value);
  }
  return object;
}

bool opens_user_claims(std::string_view scope) { return contains(user_scopes(), scope); }

std::vector<std::string> user_scopes() {
  std::vector<std::string> scopes;
  for (const Claim& claim : claims) {
    if (!contains(scopes, claim.scope)) scopes.emplace_back(claim.scope);
  }
  return scopes;
}

std::vector<std::string> user_claim_names() {
  std::vector<std::string> names;
  for (const Claim& claim : claims) names.emplace_back(claim.name);
  return names;
}

}  // namespace gatehouse::keymanager
