// SPDX-License-Identifier: Apache-2.0
//
// /scim2/ServiceProviderConfig, /scim2/ResourceTypes and /scim2/Schemas: what this server can do,
// for programs. Open to all, as RFC 7644 section 4 allows: it says nothing of anybody.
#include "admin/scim/scim.h"
#include "core/text.h"

namespace gatehouse::admin {

namespace {

// One line per attribute: name, type, and words among: many, required, readOnly, immutable,
// writeOnly, never (returned), exact, unique. Indented lines are the sub-attributes of the one
// above.
constexpr std::string_view user_attributes = R"(userName string required unique immutable
name complex
 formatted string
 familyName string
 givenName string
 middleName string
 honorificPrefix string
 honorificSuffix string
displayName string
nickName string
profileUrl reference
title string
userType string
preferredLanguage string
locale string
timezone string
active boolean
password string writeOnly never
emails complex many
 value string
 display string
 type string
 primary boolean
 verified boolean
phoneNumbers complex many
 value string
 display string
 type string
 primary boolean
 verified boolean
ims complex many
 value string
 display string
 type string
 primary boolean
photos complex many
 value reference
 display string
 type string
 primary boolean
addresses complex many
 formatted string
 streetAddress string
 locality string
 region string
 postalCode string
 country string
 type string
 primary boolean
groups complex many readOnly
 value string readOnly
 display string readOnly
 $ref reference readOnly
entitlements complex many
 value string
 display string
 type string
 primary boolean
x509Certificates complex many
 value binary
 display string
 type string
 primary boolean
)";

constexpr std::string_view group_attributes = R"(displayName string required unique immutable
members complex many
 value string
 display string readOnly
 type string
 $ref reference readOnly
)";

constexpr std::string_view enterprise_attributes = R"(employeeNumber string
costCenter string
organization string
division string
department string
manager complex
 value string
 $ref reference
 displayName string readOnly
)";

json::object attribute_from(std::string_view line) {
  const std::vector<std::string> words = split_words(line);
  const auto has = [&](std::string_view word) {
    return std::ranges::find(words, word) != words.end();
  };
  const char* mutability = "readWrite";
  for (const char* other : {"readOnly", "immutable", "writeOnly"}) {
    if (has(other)) mutability = other;
  }
  return {{"name", words[0]},
          {"type", words[1]},
          {"multiValued", has("many")},
          {"required", has("required")},
          {"caseExact", has("exact")},
          {"mutability", mutability},
          {"returned", has("never") ? "never" : "default"},
          {"uniqueness", has("unique") ? "server" : "none"}};
}

json::array attributes_from(std::string_view lines) {
  json::array attributes;
  for (const std::string_view line : split(lines, '\n')) {
    if (line.empty()) continue;
    json::object attribute = attribute_from(line);
    if (line.front() != ' ') {
      attributes.push_back(std::move(attribute));
      continue;
    }
    json::value& subs = attributes.back().as_object()["subAttributes"];
    if (subs.is_null()) subs.emplace_array();
    subs.get_array().push_back(std::move(attribute));
  }
  return attributes;
}

json::object meta_of(const char* type, std::string location) {
  return {{"resourceType", type}, {"location", std::move(location)}};
}

json::object schema_from(std::string_view id, const char* name, std::string_view lines,
                         std::string_view base) {
  return {{"schemas", json::array{"urn:ietf:params:scim:schemas:core:2.0:Schema"}},
          {"id", id},
          {"name", name},
          {"description", name},
          {"attributes", attributes_from(lines)},
          {"meta", meta_of("Schema", fmt::format("{}/Schemas/{}", base, id))}};
}

json::array schemas(std::string_view base) {
  return {schema_from(user_schema, "User", user_attributes, base),
          schema_from(group_schema, "Group", group_attributes, base),
          schema_from(enterprise_schema, "EnterpriseUser", enterprise_attributes, base)};
}

json::object resource_type(const char* name, std::string_view schema, std::string_view base) {
  json::object type{
      {"schemas", json::array{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}},
      {"id", name},
      {"name", name},
      {"endpoint", fmt::format("/{}s", name)},
      {"schema", schema},
      {"meta", meta_of("ResourceType", fmt::format("{}/ResourceTypes/{}", base, name))}};
  if (schema == user_schema) {
    type["schemaExtensions"] =
        json::array{json::object{{"schema", enterprise_schema}, {"required", false}}};
  }
  return type;
}

json::array resource_types(std::string_view base) {
  return {resource_type("User", user_schema, base), resource_type("Group", group_schema, base)};
}

json::object provider_config(std::string_view base) {
  const json::object yes{{"supported", true}};
  const auto scheme = [](const char* type, const char* name, const char* spec) {
    return json::object{{"type", type}, {"name", name}, {"description", name}, {"specUri", spec}};
  };
  return {
      {"schemas", json::array{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"}},
      {"patch", yes},
      {"bulk", json::object{{"supported", true},
                            {"maxOperations", bulk_operations_max},
                            {"maxPayloadSize", bulk_bytes_max}}},
      {"filter", json::object{{"supported", true}, {"maxResults", Scim::count_max}}},
      {"changePassword", yes},
      {"sort", yes},
      {"etag", yes},
      {"authenticationSchemes",
       json::array{scheme("oauthbearertoken", "Bearer token with apim:admin",
                          "https://www.rfc-editor.org/info/rfc6750"),
                   scheme("httpbasic", "Basic", "https://www.rfc-editor.org/info/rfc7617")}},
      {"meta", meta_of("ServiceProviderConfig", fmt::format("{}/ServiceProviderConfig", base))}};
}

json::object list_of(json::array list) {
  return {{"schemas", json::array{json::value(list_schema)}},
          {"totalResults", list.size()},
          {"startIndex", 1},
          {"itemsPerPage", list.size()},
          {"Resources", std::move(list)}};
}

// The one of this id; nothing when there is none.
std::optional<json::object> one_of(const json::array& list, std::string_view id) {
  for (const json::value& item : list) {
    if (text_or(item.as_object(), "id", "") == id) return item.as_object();
  }
  return std::nullopt;
}

}  // namespace

std::optional<json::object> scim_discovery(std::string_view path, std::string_view base) {
  if (path == "/ServiceProviderConfig") return provider_config(base);
  if (path == "/ResourceTypes") return list_of(resource_types(base));
  if (path == "/Schemas") return list_of(schemas(base));
  constexpr std::string_view types = "/ResourceTypes/";
  constexpr std::string_view every = "/Schemas/";
  if (path.starts_with(types)) return one_of(resource_types(base), path.substr(types.size()));
  if (path.starts_with(every)) return one_of(schemas(base), path.substr(every.size()));
  return std::nullopt;
}

}  // namespace gatehouse::admin
