// SPDX-License-Identifier: Apache-2.0
//
// Tokens for a device whose user has let it in on another one. Until then the device asks again and
// again, no faster than it was told.
//
// Source:  RFC 8628, sections 3.4 and 3.5.
#pragma once

#include "keymanager/directory.h"
#include "keymanager/grants/grant.h"
#include "keymanager/options.h"
#include "keymanager/scope_policy.h"
#include "storage/apis/device_store.h"

namespace gatehouse::keymanager {

inline constexpr std::string_view device_grant_type =
    "urn:ietf:params:oauth:grant-type:device_code";

class DeviceCodeGrant final : public Grant {
 public:
  // Each question that comes too early makes the device wait so much longer.
  static constexpr std::int64_t slow_down_seconds = 5;

  DeviceCodeGrant(const Resources& resources, Revocations& revocations, const Directory& directory,
                  const ScopePolicy& scopes)
      : apis_(resources.apis),
        clock_(resources.clock),
        revocations_(revocations),
        directory_(directory),
        scopes_(scopes) {}

  std::string_view type() const override { return device_grant_type; }
  // Error: authorization_pending, slow_down, access_denied, expired_token, invalid_grant.
  Result<Entitlement> decide(const Form& form, const storage::Client& client) override;

 private:
  Result<storage::Device> find(const Form& form, const storage::Client& client);
  Result<> note_question(storage::Device device);

  storage::Database& apis_;
  const Clock& clock_;
  Revocations& revocations_;
  const Directory& directory_;
  const ScopePolicy& scopes_;
};

}  // namespace gatehouse::keymanager
