// SPDX-License-Identifier: Apache-2.0
//
// /tenants and /tenants/{domain}: for administrators of the first tenant.
#include "admin/admin.h"
#include "core/id.h"
#include "core/text.h"
#include "rest/problems.h"
#include "storage/tenant_removal.h"
#include "storage/users/account.h"
#include "storage/users/default_roles.h"
#include "storage/users/tenant_store.h"

namespace gatehouse::admin {

namespace {

using storage::Tenant;
using storage::TenantStore;
using storage::Transaction;

constexpr std::array administrator_roles{"admin", "Internal/creator", "Internal/publisher",
                                         "Internal/subscriber", "Internal/devops"};

json::object tenant_view(const Tenant& tenant) {
  return {{"domain", tenant.domain},
          {"tenantId", tenant.number},
          {"active", tenant.active},
          {"createdTime", fmt::format("{}", to_ms(tenant.created_at))}};
}

Result<> need_first_tenant(const rest::Call& call) {
  if (call.caller.tenant == model::first_tenant) return {};
  return rest::refuse_because(rest::permission_missing,
                              "Only administrators of the first tenant see tenants");
}

storage::User administrator_from(const json::object& body, std::string id, Instant now) {
  storage::User user;
  user.id = std::move(id);
  user.name = text_or(body, "userName", "admin");
  user.email = text_or(body, "email", "");
  user.created_at = user.updated_at = now;
  return user;
}

}  // namespace

// GET /tenants: in the order of their creation.
Result<rest::Reply> Admin::list_tenants(const rest::Call& call) {
  GH_CHECK(need_first_tenant(call));
  const rest::Page page = call.page();
  GH_TRY(listed, user_manager_.read([&](Transaction& transaction) {
    return TenantStore(transaction).list(storage::Window{page.offset, page.limit});
  }));
  json::array list;
  for (const Tenant& tenant : listed.items) list.push_back(tenant_view(tenant));
  return rest::ok(rest::page_of(std::move(list), listed.total, call));
}

// POST /tenants {domain, active, administrator{userName, password, email}}: a tenant with its own
// roles, default policies, environment Default and an administrator, "NAME@DOMAIN" to log in.
//   400  the administrator's password is too weak (901452)
//   409  the domain is taken
Result<rest::Reply> Admin::create_tenant(const rest::Call& call) {
  GH_CHECK(need_first_tenant(call));
  const json::object& body = call.object();
  const json::object& administrator = *object_at(body, "administrator");
  Tenant tenant;
  tenant.domain = to_lower(text_or(body, "domain", ""));
  tenant.active = flag_or(body, "active", true);
  tenant.created_at = clock_.now();
  storage::User user = administrator_from(administrator, random_uuid(random_), tenant.created_at);
  const std::string password = text_or(administrator, "password", "");
  GH_CHECK(storage::check_password({}, password, user.name));
  GH_TRY(hash, options_.hash_password(password));
  user.password = std::move(hash);

  GH_TRY(number, user_manager_.write([&](Transaction& transaction) -> Result<model::TenantNumber> {
    TenantStore tenants(transaction);
    if (tenants.find_by_domain(tenant.domain)) return rest::refuse(rest::tenant_exists);
    return tenants.take_number();
  }));
  tenant.number = number;
  // Before the tenant is there: what a crash leaves of this belongs to a number of nobody.
  storage::DefaultsOptions defaults = options_.defaults;
  defaults.tenant = number;
  GH_CHECK(storage::add_defaults(api_manager_, defaults, clock_, random_));
  const storage::Occurrence occurrence = accounts_.now_happens();
  const Result<> made = user_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(TenantStore(transaction).insert(tenant));
    GH_CHECK(storage::seed_roles(transaction, number));
    return storage::add_user(transaction, number, user,
                             {administrator_roles.begin(), administrator_roles.end()}, occurrence);
  });
  GH_CHECK(made);
  GH_CHECK(tell_of_tenant(number));
  return rest::created(tenant_view(tenant), "/tenants/" + tenant.domain);
}

Result<rest::Reply> Admin::get_tenant(const rest::Call& call) {
  GH_CHECK(need_first_tenant(call));
  GH_TRY(tenant, user_manager_.read([&](Transaction& transaction) {
    return TenantStore(transaction).find_by_domain(call.path_value("domain"));
  }));
  return rest::ok(tenant_view(tenant));
}

// PUT /tenants/{domain} {active}: nobody of a tenant that is switched off logs in, and gateways do
// not serve its APIs; all of it is there again once it is switched on.
//   409  the first tenant
Result<rest::Reply> Admin::update_tenant(const rest::Call& call) {
  GH_CHECK(need_first_tenant(call));
  const storage::Occurrence occurrence = accounts_.now_happens();
  GH_TRY(tenant, user_manager_.write([&](Transaction& transaction) -> Result<Tenant> {
    TenantStore tenants(transaction);
    GH_TRY(row, tenants.find_by_domain(call.path_value("domain")));
    const bool active = flag_or(call.object(), "active", row.active);
    if (row.number == model::first_tenant && !active) {
      return rest::refuse_because(rest::built_in, "The first tenant cannot be switched off");
    }
    if (row.active == active) return row;
    row.active = active;
    GH_CHECK(tenants.update(row, occurrence));
    return row;
  }));
  GH_CHECK(tell_of_tenant(tenant.number));
  return rest::ok(tenant_view(tenant));
}

// DELETE /tenants/{domain}: everything of it, for good.
//   409  it is the first one, or still switched on
Result<rest::Reply> Admin::delete_tenant(const rest::Call& call) {
  GH_CHECK(need_first_tenant(call));
  GH_TRY(tenant, user_manager_.read([&](Transaction& transaction) {
    return TenantStore(transaction).find_by_domain(call.path_value("domain"));
  }));
  if (tenant.number == model::first_tenant) {
    return rest::refuse_because(rest::built_in, "The first tenant cannot be removed");
  }
  if (tenant.active) return rest::refuse(rest::tenant_active);
  GH_CHECK(storage::remove_tenant(databases_, tenant.number));
  GH_CHECK(tell_of_tenant(tenant.number));
  return rest::Reply{};
}

}  // namespace gatehouse::admin
