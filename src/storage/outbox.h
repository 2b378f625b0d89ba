// SPDX-License-Identifier: Apache-2.0
//
// Carries what happened to users from user_manager, where it commits with the user's row (table
// um_outbox), into the change log of api_manager: each entry exactly once, whenever a process dies.
//
// UserStore and TenantStore write the entries. Whoever calls it drains before answering; a sweep
// drains what a crash has left. A password reset takes back, in the same transaction, what the user
// has by then, and what a user owns says another name of the user; whoever remembers validations
// must then hear that the user has changed.
//
// Thread:  any pool thread; two may drain at once.
#pragma once

#include <chrono>

#include "core/clock.h"
#include "core/error.h"
#include "storage/database.h"

namespace gatehouse::storage {

// Copies and deletes every entry. Costs one read when there is none.
Result<> drain_outbox(Database& user_manager, Database& api_manager, const Clock& clock);

// How long a copied entry is remembered: far longer than two drains can be apart.
inline constexpr std::chrono::hours outbox_seen_age_max{24};

// Forgets copied entries that old; for the sweep. Returns how many.
Result<std::int64_t> forget_outbox_seen(Database& api_manager, const Clock& clock);

}  // namespace gatehouse::storage
