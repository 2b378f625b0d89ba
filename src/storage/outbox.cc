// SPDX-License-Identifier: Apache-2.0
#include "storage/outbox.h"

#include <algorithm>
#include <vector>

#include "storage/apis/ownership.h"
#include "storage/apis/revocation_store.h"
#include "storage/apis/sign_on_removal.h"
#include "storage/users/user_store.h"

namespace gatehouse::storage {

namespace {

constexpr std::size_t entries_max = 256;  // of one round

// Rows of id, tenant_id, user_id, kind, created_at_ms, and the user's name now.
Result<std::vector<Row>> oldest_entries(Database& user_manager) {
  return user_manager.read([](Transaction& transaction) {
    return transaction.query(
        "SELECT o.id, o.tenant_id, o.user_id, o.kind, o.created_at_ms, u.name FROM um_outbox o"
        " LEFT JOIN um_user u ON u.tenant_id = o.tenant_id AND u.id = o.user_id"
        " ORDER BY o.created_at_ms, o.id LIMIT $1",
        entries_max);
  });
}

// Whoever had the password before, and was not meant to, has tokens and sessions of it, and may
// have got more with them until now.
Result<model::Revocation> take_back(Transaction& api_manager, const Row& entry, Instant now) {
  const model::TenantNumber tenant = entry.number(1);
  const std::string& user_id = entry.text(2);
  GH_CHECK(remove_sign_on_of_user(api_manager, tenant, user_id));
  TokenStore(api_manager).remove_of_user(tenant, user_id);
  const Instant before = std::max(entry.instant(4), now);
  return model::Revocation{.tenant = tenant,
                           .kind = "user",
                           .value = user_id,
                           .issued_before = before,
                           .expires_at = before + token_life_max};
}

// A second copy of an entry, after a crash or beside another drain, finds that it has been seen.
Result<> copy(Database& api_manager, const std::vector<Row>& entries, Instant now) {
  return api_manager.write([&](Transaction& transaction) -> Result<> {
    std::vector<model::Revocation> revocations;
    for (const Row& entry : entries) {
      GH_TRY(inserted, transaction.execute("INSERT INTO am_outbox_seen (id, created_at_ms)"
                                           " VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
                                           entry.text(0), now));
      if (inserted == 0) continue;
      const bool of_tenant = entry.text(3) == "tenant";
      transaction.changed({of_tenant ? model::ChangeKind::tenant : model::ChangeKind::user,
                           entry.number(1),
                           entry.text(2),
                           {},
                           {}});
      if (entry.text(3) == outbox_name && !entry.is_null(5)) {
        GH_CHECK(
            Ownership(transaction, entry.number(1)).rename({entry.text(2), entry.text(5)}, now));
      } else if (entry.text(3) == outbox_password_reset) {
        GH_TRY(revocation, take_back(transaction, entry, now));
        revocations.push_back(std::move(revocation));
      }
    }
    return revocations.empty() ? Result<>() : RevocationStore(transaction).append(revocations);
  });
}

Result<> remove(Database& user_manager, const std::vector<Row>& entries) {
  return user_manager.write([&](Transaction& transaction) -> Result<> {
    for (const Row& entry : entries) {
      GH_CHECK(transaction.execute("DELETE FROM um_outbox WHERE tenant_id = $1 AND id = $2",
                                   entry.number(1), entry.text(0)));
    }
    return {};
  });
}

}  // namespace

Result<> drain_outbox(Database& user_manager, Database& api_manager, const Clock& clock) {
  for (;;) {
    GH_TRY(entries, oldest_entries(user_manager));
    if (entries.empty()) return {};
    GH_CHECK(copy(api_manager, entries, clock.now()));
    GH_CHECK(remove(user_manager, entries));
  }
}

Result<std::int64_t> forget_outbox_seen(Database& api_manager, const Clock& clock) {
  const Instant until = clock.now() - outbox_seen_age_max;
  return api_manager.write([&](Transaction& transaction) {
    return transaction.execute("DELETE FROM am_outbox_seen WHERE created_at_ms < $1", until);
  });
}

}  // namespace gatehouse::storage
