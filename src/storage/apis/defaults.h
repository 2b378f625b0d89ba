// SPDX-License-Identifier: Apache-2.0
//
// What a new tenant has: the default throttling policies and the gateway environment Default.
//
// Thread:  called at start.
#pragma once

#include "core/clock.h"
#include "core/random.h"
#include "storage/database.h"

namespace gatehouse::storage {

inline constexpr std::string_view default_environment = "Default";

// Whether the vhost that is there takes the host and the ports of the options. Where gateways run
// elsewhere, an administrator says where.
enum class KnownVhost : std::uint8_t { follows, stays };

struct DefaultsOptions {
  model::TenantNumber tenant = model::first_tenant;
  // Of the vhost of environment Default.
  std::string host = "localhost";
  std::int64_t http_port = 8280;
  std::int64_t https_port = 8243;
  KnownVhost known_vhost = KnownVhost::follows;
};

// Adds what is missing, so it may be called at each start: what an administrator changed stays, but
// the vhost may follow the options. A removed policy comes back only with its tenant.
Result<> add_defaults(Database& api_manager, const DefaultsOptions& options, const Clock& clock,
                      Random& random);

}  // namespace gatehouse::storage
