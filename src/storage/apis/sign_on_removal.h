// SPDX-License-Identifier: Apache-2.0
//
// Removes what a user or a client has in the tables of signing on: sessions, consents, codes,
// pushed requests, devices.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/token_store.h"

namespace gatehouse::storage {

Result<> remove_sign_on_of_user(Transaction& transaction, model::TenantNumber tenant,
                                std::string_view user_id);
Result<> remove_sign_on_of_client(Transaction& transaction, model::TenantNumber tenant,
                                  std::string_view client_id);
Result<> remove_sign_on_of(Transaction& transaction, const UserAtClient& pair);

struct SignOnExpiry {
  Instant now{};
  Instant idle{};   // sessions not seen since then
  Instant codes{};  // codes that expired before then
  std::int64_t limit = 10'000;
};
// At most `limit` rows of each table. Returns how many.
Result<std::int64_t> remove_expired_sign_on(Transaction& transaction, const SignOnExpiry& expiry);

}  // namespace gatehouse::storage
