// SPDX-License-Identifier: Apache-2.0
//
// Who sees which API in the portal.
//
// Thread:  pure functions.
#pragma once

#include "rest/call.h"
#include "storage/apis/api_store.h"

namespace gatehouse::devportal {

// The marks one of which an API must have to be seen by this caller; none: all are. Those who make
// and publish APIs see every one.
std::vector<std::string> audience_of(const rest::Caller& caller);
bool may_see(const rest::Caller& caller, const storage::ApiRow& api);

// States in which the catalogue lists an API, and in which it can be subscribed to.
inline constexpr std::array catalogue_states{"PUBLISHED", "PROTOTYPED"};
bool is_offered(const storage::ApiRow& api);

}  // namespace gatehouse::devportal
