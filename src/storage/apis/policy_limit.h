// SPDX-License-Identifier: Apache-2.0
//
// What a policy's document says, as numbers for gateways and as the portals list it.
//
// Enforced today are limits of requests (REQUESTCOUNTLIMIT). Policies of bandwidth, events and
// language-model tokens are stored and shown with isDeployed false, and gateways get them as
// unlimited. A month is 30 days, a year 365. Policies of applications and APIs stop their callers
// at the quota; one of subscriptions does so if it says stopOnQuotaReach.
//
// Thread:  pure functions.
#pragma once

#include "storage/apis/policy_store.h"

namespace gatehouse::storage {

// The request count that the default policy "Unlimited" carries in its document.
inline constexpr std::int64_t unlimited_requests = 2'147'483'647;

// Seconds of one "sec", "min", "hour", "day", "week", "month" or "year"; 0 for another word.
std::int64_t seconds_of(std::string_view time_unit);

// Whether the gateways enforce the limit of this document.
bool is_enforced(const json::object& policy);

// Error: invalid_argument (900960), when the limit is unknown, incomplete or not positive.
Result<> check_limit(const json::object& policy);

// "SubscriptionThrottlePolicy" and so on: the type of a document in the admin API.
std::string_view document_type(model::PolicyLevel level);

model::KnownPolicy known_policy(const PolicyRow& policy, model::TenantNumber tenant);

// An entry of /throttling-policies of the publisher and of the developer portal.
json::object policy_summary(const PolicyRow& policy);

}  // namespace gatehouse::storage
