// SPDX-License-Identifier: Apache-2.0
//
// Users and roles as SCIM resources, and what a client may write of them.
//
// A user's columns are userName, active and the primary e-mail address; other attributes of the
// core and enterprise schemas are kept as they come. A role is a group whose id is its name in
// base64url.
//
// Thread:  pure functions.
// Source:  RFC 7643, sections 3.1, 4.1, 4.2 and 4.3.
#pragma once

#include "storage/users/user_store.h"

namespace gatehouse::admin {

inline constexpr std::string_view user_schema = "urn:ietf:params:scim:schemas:core:2.0:User";
inline constexpr std::string_view group_schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
inline constexpr std::string_view enterprise_schema =
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
inline constexpr std::string_view list_schema =
    "urn:ietf:params:scim:api:messages:2.0:ListResponse";
inline constexpr std::string_view search_schema =
    "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
inline constexpr std::string_view patch_schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
inline constexpr std::string_view error_schema = "urn:ietf:params:scim:api:messages:2.0:Error";

// Everything about a user, as read in one transaction.
struct ScimUser {
  storage::User user;
  std::vector<std::string> roles;
  json::object profile;
};
// `base` is the address of /scim2 as the client reached it.
json::object to_resource(const ScimUser& user, std::string_view base);

std::string group_id(std::string_view role);
// Error: not_found, when it is no id of a group.
Result<std::string> role_of_group(std::string_view id);

struct ScimMember {
  std::string id;
  std::string name;
};
json::object to_resource(std::string_view role, const std::vector<ScimMember>& members,
                         std::string_view base);

// What a client wants a user to be.
struct UserRequest {
  std::string name;
  std::string password;  // empty: as it is
  std::string email;
  bool active = true;
  json::object profile;
};
// Error: invalid_argument, when an attribute is of a wrong type or cannot be a user's.
Result<UserRequest> user_request_from(const json::object& resource);

struct GroupRequest {
  std::string name;
  std::vector<std::string> members;  // ids of users
};
Result<GroupRequest> group_request_from(const json::object& resource);

// An RFC 9110 entity tag of the resource, which changes with everything that it says.
std::string version_of(const json::object& resource);

// Leaves `attributes` and the always returned ones, or all but `excluded`; each is a list with
// commas of attributes and sub-attributes, empty for none.
struct Projection {
  std::string attributes;
  std::string excluded;
};
json::object project(const json::object& resource, const Projection& projection);

}  // namespace gatehouse::admin
