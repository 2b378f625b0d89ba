// SPDX-License-Identifier: Apache-2.0
//
// The OAuth client that an application's keys ask for.
//
// Thread:  pure functions.
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

}  // namespace gatehouse::rest
