// SPDX-License-Identifier: Apache-2.0
//
// SCIM 2.0 at /scim2: users and groups of the caller's tenant for directories and identity
// governance. Groups are the roles of the tenant.
//
// It is not served from an OpenAPI document, because SCIM has its own way with errors, media types
// and partial bodies; its schemas are at /scim2/Schemas.
//
// Thread:  handlers run on pool threads; the class holds no state of its own.
// Source:  RFC 7643, RFC 7644. Not there: password change by filters, sorting by what is not an
//          attribute of the resource itself.
// Files:   scim.cc (who may do what, errors), scim_users.cc, scim_groups.cc, scim_list.cc,
//          scim_me.cc, scim_bulk.cc.
#pragma once

#include "admin/accounts.h"
#include "admin/scim/bulk.h"
#include "admin/scim/filter.h"
#include "admin/scim/resource.h"
#include "http/handler.h"
#include "rest/call.h"

namespace gatehouse::admin {

class Scim final : public http::Handler {
 public:
  // A list is filtered by reading every user; of more than so many it refuses to.
  static constexpr std::int64_t scan_max = 100'000;
  static constexpr std::int64_t count_max = 1'000;

  Scim(Accounts& accounts, http::Client& key_manager)
      : accounts_(accounts), key_manager_(key_manager) {}

  http::Response handle(const http::Request& request) override;

 private:
  // A request after authentication.
  struct Call {
    const http::Request& request;
    rest::Caller caller;
    std::string base;  // "https://host:9443/scim2"
    std::string id;    // behind /Users/ or /Groups/; empty for the collection
    json::object body;
    std::map<std::string, std::string> query;

    std::string query_or(const std::string& name, std::string fallback) const;
    Projection projection() const;
  };
  using Answer = Result<http::Response>;

  Answer answer(const http::Request& request);
  Result<Call> call_from(const http::Request& request, std::string_view resource) const;
  Answer route(Call& call, std::string_view collection);

  Answer users(Call& call);
  Answer list_users(const Call& call);
  Answer create_user(const Call& call);
  Answer get_user(const Call& call, const std::string& id);
  Answer replace_user(const Call& call);
  Answer patch_user(const Call& call);
  Answer remove_user(const Call& call);
  Answer write_user(const Call& call, const ScimUser& before, const json::object& wanted);

  Answer me(Call& call);
  // What a user may make of himself: the wish with the rest as it is. Error: invalid_argument.
  Result<json::object> own_wish(const ScimUser& before, json::object wanted) const;

  Answer bulk(const Call& call);
  http::Response perform(const Call& call, const BulkOperation& operation);

  Answer groups(Call& call);
  Answer list_groups(const Call& call);
  Answer create_group(const Call& call);
  Answer replace_group(const Call& call);
  Answer patch_group(const Call& call);
  Answer remove_group(const Call& call);
  Answer write_group(const Call& call, const std::string& role, const json::object& wanted);

  Result<ScimUser> find_user(model::TenantNumber tenant, const std::string& id);
  Result<json::object> find_group(const Call& call, const std::string& role);
  // Makes the users who hold a role these and no others.
  Result<> set_members(const Call& call, const std::string& role,
                       const std::vector<std::string>& members);

  Accounts& accounts_;
  http::Client& key_manager_;
};

// --- What both kinds of resources need ---------------------------------------------------------

http::Response scim_response(int status, const json::object& body);
http::Response scim_resource(int status, const json::object& resource,
                             const Projection& projection);
http::Response scim_problem(const Error& error);

// 304 for a client that has this version already.
http::Response scim_found(const http::Request& request, const json::object& resource,
                          const Projection& projection);

// Error: conflict with detail "412", when If-Match names another version.
Result<> check_version(const http::Request& request, const json::object& resource);

// The window and order that a client asks for.
struct ScimQuery {
  std::optional<Filter> filter;
  std::string sort_by;
  bool descending = false;
  std::int64_t start = 1;
  std::int64_t count = 25;
  Projection projection;
};
// Error: invalid_argument.
Result<ScimQuery> scim_query_from(const std::map<std::string, std::string>& query);

// The ListResponse of the resources that the filter finds, in order, within the window.
json::object scim_list(std::vector<json::object> resources, const ScimQuery& query);
// The same of a window that storage has cut out already.
json::object scim_window(const std::vector<json::object>& resources, std::int64_t total,
                         const ScimQuery& query);

// ServiceProviderConfig, ResourceTypes and Schemas; nothing for another path.
std::optional<json::object> scim_discovery(std::string_view path, std::string_view base);

}  // namespace gatehouse::admin
