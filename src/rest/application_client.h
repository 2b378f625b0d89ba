// SPDX-License-Identifier: Apache-2.0
//
// The OAuth client that an application's keys ask for, at our own key manager or at another one.
//
// Thread:  pool threads, never inside a write or read of a database; settings_of and seconds_or
//          are pure.
// Error:   as rest/key_manager.h; 901405 for what another key manager cannot do.
#pragma once

#include "rest/key_manager.h"
#include "storage/apis/application_store.h"
#include "storage/apis/key_mapping_store.h"

namespace gatehouse::rest {

inline constexpr std::int64_t token_seconds = 3'600;
inline constexpr std::int64_t refresh_seconds = 86'400;

// A member that counts seconds, as a number or as text; what is not positive means `fallback`.
std::int64_t seconds_or(const json::object& object, std::string_view name, std::int64_t fallback);

ClientSettings settings_of(const storage::ApplicationRow& application,
                           const storage::KeyMapping& mapping);

// Makes the client, and writes its id into `mapping`. Returns the secret.
Result<std::string> make_client(http::Client& key_manager,
                                const storage::ApplicationRow& application,
                                storage::KeyMapping& mapping);
// As `mapping` says now. Returns the secret, when its key manager has given another one on that
// occasion; `mapping` has to be kept.
Result<std::string> change_client(http::Client& key_manager,
                                  const storage::ApplicationRow& application,
                                  storage::KeyMapping& mapping);
// Returns the secret that holds from now on, empty when its key manager gives no other one;
// `mapping` has to be kept.
Result<std::string> change_secret(http::Client& key_manager,
                                  const storage::ApplicationRow& application,
                                  storage::KeyMapping& mapping);
// A client that is gone already is no error.
Result<> remove_client(http::Client& key_manager, const storage::KeyMapping& mapping);

}  // namespace gatehouse::rest
