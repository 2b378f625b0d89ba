// SPDX-License-Identifier: Apache-2.0
#include "admin/scim/resource.h"

#include <algorithm>
#include <array>

#include "admin/scim/filter.h"
#include "core/digest.h"
#include "core/text.h"

namespace gatehouse::admin {

namespace {

constexpr std::array<std::string_view, 17> profile_attributes{
    "externalId", "name",   "displayName",       "nickName",     "profileUrl",      "title",
    "userType",   "locale", "preferredLanguage", "timezone",     "emails",          "phoneNumbers",
    "ims",        "photos", "addresses",         "entitlements", "x509Certificates"};
constexpr std::size_t profile_bytes_max = 32 * 1024;
constexpr std::size_t name_length_max = 100;
constexpr std::size_t email_length_max = 254;
constexpr std::size_t members_max = 10'000;

tl::unexpected<Error> wrong(std::string why) {
  return fail(ErrorCode::invalid_argument, std::move(why), "invalidValue");
}

json::object meta_of(const char* type, const std::string& location) {
  return {{"resourceType", type}, {"location", location}};
}

// The list of the profile, with the address that the server itself knows as the primary one.
json::array emails_of(const ScimUser& user) {
  const json::array* kept = array_at(user.profile, "emails");
  json::array emails = kept == nullptr ? json::array() : *kept;
  if (user.user.email.empty()) return emails;
  for (const json::value& item : emails) {
    const json::object* email = item.if_object();
    if (email != nullptr && text_or(*email, "value", "") == user.user.email) return emails;
  }
  return {json::object{{"value", user.user.email}, {"primary", true}}};
}

// The primary address, or the first.
std::string email_from(const json::object& resource) {
  const json::value* value = attribute_of(resource, "emails");
  if (value == nullptr || !value->is_array()) return "";
  std::string first;
  for (const json::value& item : value->get_array()) {
    const json::object* email = item.if_object();
    if (email == nullptr) continue;
    const std::string address = text_or(*email, "value", "");
    if (flag_or(*email, "primary", false)) return address;
    if (first.empty()) first = address;
  }
  return first;
}

Result<std::string> text_from(const json::object& resource, std::string_view name) {
  const json::value* value = attribute_of(resource, name);
  if (value == nullptr || value->is_null()) return "";
  if (!value->is_string()) return wrong(fmt::format("'{}' is a text", name));
  return std::string(value->get_string());
}

Result<> check_name(std::string_view name) {
  const bool good = !name.empty() && name.size() <= name_length_max &&
                    name.find_first_of(" \t\r\n:/\\\"'<>%,") == name.npos;
  if (good) return {};
  return wrong("'userName' has 1 to 100 characters, none of them a space or one of :/\\\"'<>%,");
}

Result<json::object> profile_from(const json::object& resource) {
  json::object profile;
  for (const std::string_view name : profile_attributes) {
    const json::value* value = attribute_of(resource, name);
    if (value != nullptr && !value->is_null()) profile[name] = *value;
  }
  const json::value* enterprise = attribute_of(resource, enterprise_schema);
  if (enterprise != nullptr && enterprise->is_object()) profile[enterprise_schema] = *enterprise;
  if (json::serialize(profile).size() > profile_bytes_max) return wrong("The user is too large");
  return profile;
}

// What a list of paths says of one attribute.
struct Named {
  bool whole = false;
  std::vector<std::string> subs;

  bool has(std::string_view sub) const {
    return std::ranges::any_of(
        subs, [&](const std::string& each) { return equals_ignoring_case(each, sub); });
  }
};

Named named_in(std::string_view list, std::string_view name) {
  Named named;
  for (const std::string_view each : split(list, ',')) {
    const auto path = parse_attribute_path(trim(each));
    if (!path || !equals_ignoring_case(path->name, name)) continue;
    if (path->sub.empty()) named.whole = true;
    if (!path->sub.empty()) named.subs.push_back(path->sub);
  }
  return named;
}

enum class Keep : std::uint8_t { named, others };

// The value with some of its sub-attributes; of a list, of each of its values.
json::value with_subs(const json::value& value, const Named& named, Keep keep) {
  if (value.is_array()) {
    json::array list;
    for (const json::value& item : value.get_array()) {
      list.push_back(with_subs(item, named, keep));
    }
    return list;
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return value;
  json::object kept;
  for (const auto& member : *object) {
    if (named.has(member.key()) == (keep == Keep::named)) kept[member.key()] = member.value();
  }
  return kept;
}

// Nothing, when the attribute is left out.
std::optional<json::value> projected(std::string_view name, const json::value& value,
                                     const Projection& projection) {
  if (!projection.attributes.empty()) {
    const Named named = named_in(projection.attributes, name);
    if (named.whole) return value;
    if (named.subs.empty()) return std::nullopt;
    return with_subs(value, named, Keep::named);
  }
  const Named named = named_in(projection.excluded, name);
  if (named.whole) return std::nullopt;
  return named.subs.empty() ? value : with_subs(value, named, Keep::others);
}

}  // namespace

json::object to_resource(const ScimUser& user, std::string_view base) {
  json::object resource = user.profile;
  json::array schemas{json::value(user_schema)};
  if (user.profile.contains(enterprise_schema)) schemas.push_back(json::value(enterprise_schema));
  resource["schemas"] = std::move(schemas);
  resource["id"] = user.user.id;
  resource["userName"] = user.user.name;
  resource["active"] = user.user.status == storage::UserStatus::active;
  if (json::array emails = emails_of(user); !emails.empty()) resource["emails"] = std::move(emails);
  json::array groups;
  for (const std::string& role : user.roles) {
    const std::string id = group_id(role);
    groups.push_back(json::object{
        {"value", id}, {"display", role}, {"$ref", fmt::format("{}/Groups/{}", base, id)}});
  }
  resource["groups"] = std::move(groups);
  json::object meta = meta_of("User", fmt::format("{}/Users/{}", base, user.user.id));
  meta["created"] = to_rfc3339(user.user.created_at);
  meta["lastModified"] = to_rfc3339(user.user.updated_at);
  resource["meta"] = meta;
  meta["version"] = version_of(resource);
  resource["meta"] = std::move(meta);
  return resource;
}

std::string group_id(std::string_view role) { return to_base64url(role); }

Result<std::string> role_of_group(std::string_view id) {
  Result<std::string> role = from_base64url(id);
  if (!role || role->empty() || !is_utf8(*role)) {
    return fail(ErrorCode::not_found, "No such group", std::string(id));
  }
  return role;
}

json::object to_resource(std::string_view role, const std::vector<ScimMember>& members,
                         std::string_view base) {
  const std::string id = group_id(role);
  json::array list;
  for (const ScimMember& member : members) {
    list.push_back(json::object{{"value", member.id},
                                {"display", member.name},
                                {"type", "User"},
                                {"$ref", fmt::format("{}/Users/{}", base, member.id)}});
  }
  json::object resource{{"schemas", json::array{json::value(group_schema)}},
                        {"id", id},
                        {"displayName", role},
                        {"members", std::move(list)},
                        {"meta", meta_of("Group", fmt::format("{}/Groups/{}", base, id))}};
  const std::string version = version_of(resource);
  resource["meta"].as_object()["version"] = version;
  return resource;
}

Result<UserRequest> user_request_from(const json::object& resource) {
  UserRequest request;
  GH_TRY(name, text_from(resource, "userName"));
  GH_CHECK(check_name(name));
  GH_TRY(password, text_from(resource, "password"));
  GH_TRY(profile, profile_from(resource));
  request.name = std::move(name);
  request.password = std::move(password);
  request.profile = std::move(profile);
  request.email = email_from(resource);
  if (request.email.size() > email_length_max) return wrong("An e-mail address is too long");
  const json::value* active = attribute_of(resource, "active");
  if (active != nullptr && !active->is_null()) {
    if (!active->is_bool()) return wrong("'active' is true or false");
    request.active = active->get_bool();
  }
  return request;
}

Result<GroupRequest> group_request_from(const json::object& resource) {
  GroupRequest request;
  GH_TRY(name, text_from(resource, "displayName"));
  if (name.empty() || name.size() > name_length_max ||
      name.find_first_of(" \t\r\n:\\\"'<>%,") != name.npos) {
    return wrong(
        "'displayName' has 1 to 100 characters, none of them a space or one of :\\\"'<>%,");
  }
  request.name = std::move(name);
  const json::value* members = attribute_of(resource, "members");
  if (members == nullptr || members->is_null()) return request;
  if (!members->is_array() || members->get_array().size() > members_max) {
    return wrong("'members' is a list of at most 10000");
  }
  for (const json::value& item : members->get_array()) {
    const json::object* member = item.if_object();
    const std::string id = member == nullptr ? "" : text_or(*member, "value", "");
    if (id.empty()) return wrong("A member has a value: the id of a user");
    request.members.push_back(id);
  }
  return request;
}

std::string version_of(const json::object& resource) {
  return fmt::format("W/\"{}\"", sha256_hex(json::serialize(resource)).substr(0, 24));
}

json::object project(const json::object& resource, const Projection& projection) {
  if (projection.attributes.empty() && projection.excluded.empty()) return resource;
  json::object kept;
  for (const auto& member : resource) {
    if (member.key() == "schemas" || member.key() == "id") {
      kept[member.key()] = member.value();
    } else if (auto value = projected(member.key(), member.value(), projection)) {
      kept[member.key()] = *std::move(value);
    }
  }
  return kept;
}

}  // namespace gatehouse::admin
