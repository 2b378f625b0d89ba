// SPDX-License-Identifier: Apache-2.0
#include "storage/change_log.h"

#include <array>

#include "core/text.h"

namespace gatehouse::storage {

namespace {

// Names of environments hold no line feed, so one separates them in a column.
constexpr char separator = '\n';

std::string to_column(const std::vector<std::string>& environments) {
  return join(environments, std::string_view(&separator, 1));
}

std::vector<std::string> from_column(std::string_view text) {
  if (text.empty()) return {};
  const std::vector<std::string_view> parts = split(text, separator);
  return {parts.begin(), parts.end()};
}

}  // namespace

Result<> begin_history(Transaction& transaction, std::string_view tag) {
  GH_CHECK(
      transaction.execute("INSERT INTO am_change_counter (id, number, tag) VALUES (1, 0, $1)"
                          " ON CONFLICT (id) DO NOTHING",
                          tag));
  return {};
}

Result<> begin_another_history(Transaction& transaction, std::string_view tag) {
  GH_CHECK(transaction.execute("UPDATE am_change_counter SET tag = $1 WHERE id = 1", tag));
  return {};
}

Result<ChangeHead> change_head(Transaction& transaction) {
  GH_TRY(row, transaction.query_one("SELECT number, tag FROM am_change_counter WHERE id = 1"));
  if (!row) return fail(ErrorCode::internal, "Internal error", "am_change_counter has no row");
  return ChangeHead{static_cast<std::uint64_t>(row->number(0)), row->text(1)};
}

Result<std::vector<LoggedChange>> changes_since(Transaction& transaction, std::uint64_t since,
                                                std::size_t limit) {
  GH_TRY(rows,
         transaction.query(
             "SELECT number, kind, tenant_id, object_id, environments_before, environments_after"
             " FROM am_change WHERE number > $1 ORDER BY number LIMIT $2",
             since, limit));
  std::vector<LoggedChange> changes;
  for (const Row& row : rows) {
    const model::ChangeKind kind =
        model::parse_change_kind(row.text(1)).value_or(model::ChangeKind::other);
    changes.push_back(
        {static_cast<std::uint64_t>(row.number(0)),
         {kind, row.number(2), row.text(3), from_column(row.text(4)), from_column(row.text(5))}});
  }
  return changes;
}

Result<std::uint64_t> oldest_change(Transaction& transaction) {
  // tidy: allow(tenant_id) the numbers of all tenants are one sequence
  GH_TRY(row, transaction.query_one("SELECT number FROM am_change ORDER BY number LIMIT 1"));
  return row ? static_cast<std::uint64_t>(row->number(0)) : 0;
}

Result<bool> has_change(Transaction& transaction, std::uint64_t number) {
  // tidy: allow(tenant_id) the numbers of all tenants are one sequence
  GH_TRY(row, transaction.query_one("SELECT number FROM am_change WHERE number = $1", number));
  return row.has_value();
}

std::uint64_t first_number_of(std::uint64_t timeline) {
  // More than there are ever changes between two promotions; 8,000 promotions fit into what JSON
  // keeps of a number.
  constexpr unsigned bits = 40;
  return timeline > 1 ? (timeline - 1) << bits : 0;
}

void post_changes(Transaction& transaction, std::span<const model::Change> changes, Instant now) {
  std::size_t left = changes.size();
  transaction.post(
      "UPDATE am_change_counter SET number = CASE WHEN number < $2 THEN $2 ELSE number END + $1"
      " WHERE id = 1",
      left, first_number_of(transaction.timeline()));
  for (const model::Change& change : changes) {
    transaction.post(
        "INSERT INTO am_change (number, tenant_id, kind, object_id, environments_before,"
        " environments_after, created_at_ms) SELECT number - $1, $2, $3, $4, $5, $6, $7"
        " FROM am_change_counter WHERE id = 1",
        --left, change.tenant, model::to_text(change.kind), change.id,
        to_column(change.environments_before), to_column(change.environments_after), now);
  }
}

Result<std::int64_t> forget_changes(Transaction& transaction, Instant until) {
  // From the lower end only, so that what is left has no gap.
  // tidy: allow(tenant_id) the numbers of all tenants are one sequence
  return transaction.execute(
      "DELETE FROM am_change WHERE number <"
      " (SELECT COALESCE(MIN(number), 9223372036854775807) FROM am_change"
      "   WHERE created_at_ms >= $1)",
      until);
}

}  // namespace gatehouse::storage
