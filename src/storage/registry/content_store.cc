// SPDX-License-Identifier: Apache-2.0
#include "storage/registry/content_store.h"

#include "core/digest.h"

namespace gatehouse::storage {

namespace {

// Far below unnamed_age_max, so an operation has time to name what it did not put again.
constexpr std::chrono::hours young{1};

}  // namespace

Content content_of(std::string bytes, std::string media_type) {
  std::string hash = sha256_hex(bytes);
  return {std::move(hash), std::move(media_type), std::move(bytes)};
}

Result<> ContentStore::put(const Content& content, Instant now) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO reg_content (tenant_id, hash, media_type, bytes, created_at_ms)"
      " VALUES ($1, $2, $3, $4, $5)"
      " ON CONFLICT (tenant_id, hash) DO UPDATE SET created_at_ms = excluded.created_at_ms",
      tenant_, content.hash, content.media_type, Bytes{content.bytes}, now));
  return {};
}

Result<Content> ContentStore::find(std::string_view hash) const {
  GH_TRY(row,
         transaction_.query_one(
             "SELECT hash, media_type, bytes FROM reg_content WHERE tenant_id = $1 AND hash = $2",
             tenant_, hash));
  if (!row) return fail(ErrorCode::not_found, "No such content", std::string(hash));
  return Content{row->text(0), row->text(1), row->bytes(2)};
}

Result<std::optional<Instant>> ContentStore::put_at(std::string_view hash) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT created_at_ms FROM reg_content WHERE tenant_id = $1 AND hash = $2",
                  tenant_, hash));
  return row ? std::optional(row->instant(0)) : std::nullopt;
}

Result<std::size_t> ContentStore::sweep(const std::unordered_set<std::string>& named,
                                        Instant until) {
  GH_TRY(
      rows,
      transaction_.query(
          "SELECT hash FROM reg_content WHERE tenant_id = $1 AND created_at_ms < $2 ORDER BY hash",
          tenant_, until));
  std::size_t deleted = 0;
  for (const Row& row : rows) {
    if (deleted == sweep_max) break;
    if (named.contains(row.text(0))) continue;
    GH_CHECK(transaction_.execute("DELETE FROM reg_content WHERE tenant_id = $1 AND hash = $2",
                                  tenant_, row.text(0)));
    ++deleted;
  }
  return deleted;
}

Result<std::string> keep_content(Database& registry, model::TenantNumber tenant,
                                 const Content& content, const Clock& clock) {
  const Instant now = clock.now();
  GH_TRY(put_at, registry.read([&](Transaction& transaction) {
    return ContentStore(transaction, tenant).put_at(content.hash);
  }));
  if (put_at && *put_at > now - young) return content.hash;
  GH_CHECK(registry.write([&](Transaction& transaction) {
    return ContentStore(transaction, tenant).put(content, now);
  }));
  return content.hash;
}

Result<std::size_t> sweep_contents(Database& registry, model::TenantNumber tenant,
                                   const std::unordered_set<std::string>& named,
                                   const Clock& clock) {
  const Instant until = clock.now() - unnamed_age_max;
  std::size_t deleted = 0;
  for (;;) {
    GH_TRY(now_deleted, registry.write([&](Transaction& transaction) {
      return ContentStore(transaction, tenant).sweep(named, until);
    }));
    deleted += now_deleted;
    if (now_deleted < ContentStore::sweep_max) return deleted;
  }
}

}  // namespace gatehouse::storage
