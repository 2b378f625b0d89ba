// SPDX-License-Identifier: Apache-2.0
//
// Which algorithm signs a token: what the client registered, else what its tenant has chosen
// (storage/users/tenant_settings.h), else what this server usually does. A choice that this server
// has no key for counts as none.
//
// What a tenant has chosen is remembered, and forgotten when the tenant says something else
// (revocation kind "tenant_changed") or after `lifetime`.
//
// Thread:  any that may block; one mutex, never held while reading (docs/locks.md).
// Memory:  at most `tenants_max` choices.
#pragma once

#include <map>
#include <mutex>
#include <optional>

#include "keymanager/options.h"
#include "storage/apis/client_store.h"

namespace gatehouse::keymanager {

class TokenAlgorithms {
 public:
  static constexpr std::chrono::seconds lifetime{60};
  static constexpr std::size_t tenants_max = 10'000;

  TokenAlgorithms(const Resources& resources, std::vector<jose::Algorithm> offered)
      : users_(resources.users), clock_(resources.clock), offered_(std::move(offered)) {}

  // Without any choice: the first one that this server signs with.
  Result<jose::Algorithm> of_access_token(const storage::Client& client);
  // Without any choice: RS256, which every OpenID client takes, when this server signs with it.
  Result<jose::Algorithm> of_id_token(const storage::Client& client);

  void forget(model::TenantNumber tenant);

 private:
  struct Choice {
    std::optional<jose::Algorithm> access_token{};
    std::optional<jose::Algorithm> id_token{};
    Instant until{};
  };

  Result<Choice> choice_of(model::TenantNumber tenant);
  std::optional<jose::Algorithm> offered(std::optional<jose::Algorithm> wanted) const;

  storage::Database& users_;
  const Clock& clock_;
  const std::vector<jose::Algorithm> offered_;
  std::mutex mutex_;
  std::map<model::TenantNumber, Choice> choices_;  // guarded by mutex_, as is the next
  std::uint64_t forgotten_ = 0;                    // so often was something forgotten
};

}  // namespace gatehouse::keymanager
