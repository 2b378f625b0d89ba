// SPDX-License-Identifier: Apache-2.0
//
// The change log of api_manager: what gateways must hear of, numbered in the order of commits.
//
// Tables am_change_counter (one row) and am_change. The counter is taken as the last thing before
// COMMIT, so nobody waits while holding it. A `tag` names one history of numbers: a restored backup
// begins another, and whoever stands at a number of the former one starts from a full snapshot.
//
// A PostgreSQL standby that is promoted may lack the last changes of the former primary. It gives
// their numbers to nobody else: each timeline has numbers of its own (first_number_of), higher than
// those before. So whether somebody stands at a change that was lost is seen by its number alone.
//
// Thread:  as the transaction.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/change.h"
#include "storage/database.h"

namespace gatehouse::storage {

struct ChangeHead {
  std::uint64_t number;  // of the newest change; 0 before the first
  std::string tag;
};

struct LoggedChange {
  std::uint64_t number;
  model::Change change;
};

// Makes the counter where there is none.
Result<> begin_history(Transaction& transaction, std::string_view tag);
// Numbers go on, under another tag.
Result<> begin_another_history(Transaction& transaction, std::string_view tag);

Result<ChangeHead> change_head(Transaction& transaction);

// At most `limit` changes after `since`, in the order of their numbers, without a gap.
Result<std::vector<LoggedChange>> changes_since(Transaction& transaction, std::uint64_t since,
                                                std::size_t limit);

// The number of the oldest change that is still kept; 0 when there is none.
Result<std::uint64_t> oldest_change(Transaction& transaction);

// Whether this is the number of a change that is kept.
Result<bool> has_change(Transaction& transaction, std::uint64_t number);

// Numbers of a timeline are above this one; 0 for the first, and where there are none.
std::uint64_t first_number_of(std::uint64_t timeline);

// Called by databases alone; everybody else says Transaction::changed. Takes the counter and writes
// `changes`; what follows is newest_change_sql, whose row has the last number, and COMMIT.
void post_changes(Transaction& transaction, std::span<const model::Change> changes, Instant now);
inline constexpr std::string_view newest_change_sql =
    "SELECT number FROM am_change_counter WHERE id = 1";

// How long changes are kept.
inline constexpr std::chrono::hours change_age_max{24 * 7};

// Deletes changes of before `until`; returns how many.
Result<std::int64_t> forget_changes(Transaction& transaction, Instant until);

}  // namespace gatehouse::storage
