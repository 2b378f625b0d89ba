// SPDX-License-Identifier: Apache-2.0
//
// How long a client's tokens may still be alive. A revocation must outlive every token that it
// means, also those from a time when the client's tokens lived longer than they do now, so the
// longest lifetime a client ever had is kept in its document.
//
// Thread:  pure functions.
#pragma once

#include "storage/apis/client_store.h"

namespace gatehouse::keymanager {

std::chrono::seconds longest_access_lifetime(const storage::Client& client);

// Sets the lifetime of access tokens; a negative one, and one beyond `storage::token_life_max`,
// means the longest that there is; zero means the default of an hour.
void set_access_lifetime(storage::Client& client, std::int64_t seconds);

std::int64_t bounded_seconds(std::int64_t seconds, std::int64_t fallback);

}  // namespace gatehouse::keymanager
