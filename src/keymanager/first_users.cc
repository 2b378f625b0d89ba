// SPDX-License-Identifier: Apache-2.0
#include "keymanager/first_users.h"

#include "core/id.h"
#include "core/log.h"
#include "core/text.h"
#include "keymanager/directory.h"
#include "storage/users/account.h"
#include "storage/users/default_roles.h"
#include "storage/users/tenant_store.h"

namespace gatehouse::keymanager {

namespace {

using storage::Transaction;

constexpr std::size_t made_password_bytes = 15;

std::string make_password(Random& random) {
  return to_base64url(random.bytes(made_password_bytes));
}

Result<> make_tenant(const Resources& resources) {
  const Instant now = resources.clock.now();
  return resources.users.write([&](Transaction& transaction) -> Result<> {
    storage::TenantStore tenants(transaction);
    const Result<storage::Tenant> present = tenants.find(model::first_tenant);
    if (!present) {
      if (present.error().code != ErrorCode::not_found) {
        return tl::unexpected<Error>(present.error());
      }
      GH_CHECK(tenants.insert(
          {model::first_tenant, std::string(storage::first_tenant_domain), true, now}));
    }
    return storage::seed_roles(transaction, model::first_tenant);
  });
}

}  // namespace

Result<Bootstrapped> bootstrap_users(const Resources& resources, Passwords& passwords,
                                     const FirstUser& first) {
  GH_CHECK(make_tenant(resources));
  const Result<Account> present = Directory(resources.users).by_name(first.name);
  if (present) return Bootstrapped{};
  if (present.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(present.error());
  }
  if (first.name.empty() || first.name.find(':') != std::string::npos) {
    return fail(ErrorCode::invalid_argument, "A user needs a name without a colon");
  }
  if (first.password && !storage::check_password({}, *first.password, first.name)) {
    log_warning("the given password of '{}' would not pass the password policy", first.name);
  }
  const std::string password = first.password ? *first.password : make_password(resources.random);
  GH_TRY(hash, passwords.hash(password));
  const Instant now = resources.clock.now();
  const storage::User user{.id = random_uuid(resources.random),
                           .name = first.name,
                           .password = std::move(hash),
                           .created_at = now,
                           .updated_at = now};
  const storage::Occurrence occurrence{random_uuid(resources.random), now};
  const Result<> written = resources.users.write([&](Transaction& transaction) -> Result<> {
    storage::UserStore users(transaction, model::first_tenant);
    GH_CHECK(users.insert(user));
    return users.set_roles(user.id,
                           {std::string(storage::admin_role), "Internal/creator",
                            "Internal/publisher", "Internal/subscriber", "Internal/devops"},
                           occurrence);
  });
  GH_CHECK(written);
  return Bootstrapped{true, first.password ? "" : password};
}

Result<std::string> reset_password(const Resources& resources, Passwords& passwords,
                                   std::string_view name) {
  GH_TRY(account, Directory(resources.users).by_name(name));
  std::string password = make_password(resources.random);
  GH_TRY(hash, passwords.hash(password));
  const storage::Occurrence occurrence{random_uuid(resources.random), resources.clock.now()};
  const Result<> written = resources.users.write([&](Transaction& transaction) {
    return storage::UserStore(transaction, account.tenant)
        .set_password(account.user.id, hash, occurrence);
  });
  GH_CHECK(written);
  return password;
}

}  // namespace gatehouse::keymanager
