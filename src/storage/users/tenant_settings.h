// SPDX-License-Identifier: Apache-2.0
//
// What a tenant decides for itself: its rules of passwords, when accounts are locked, who may sign
// up, how its tokens are signed. Table um_configuration holds the JSON of the REST resource
// tenant-config.
//
// Thread:  plain values; reads and writes in the caller's transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct PasswordPolicy {
  std::int64_t length_min = 8;
  std::int64_t length_max = 256;
  // Of lower case, upper case, digits and others, so many must occur.
  std::int64_t classes_min = 0;
  // So many of the passwords before, the present one among them, cannot be taken again.
  std::int64_t history = 0;
};
inline constexpr std::int64_t password_bytes_limit = 256;
inline constexpr std::int64_t password_history_max = 24;

struct LockoutPolicy {
  std::int64_t failures_max = 10;  // 0: accounts are never locked
  std::chrono::minutes duration{5};
};

struct SignUpPolicy {
  bool enabled = true;
  bool needs_approval = false;
  std::vector<std::string> roles{"Internal/subscriber"};
};

// Names of algorithms (RFC 7518); empty: as the server usually does.
struct SigningPolicy {
  std::string access_token;
  std::string id_token;
};

struct TenantSettings {
  PasswordPolicy password;
  LockoutPolicy lockout;
  SignUpPolicy sign_up;
  SigningPolicy signing{};
};

// Members that are absent have their defaults; others than ours are let be.
// Error: invalid_argument, naming the member that cannot be.
Result<TenantSettings> tenant_settings_from(const json::object& document);

// The document with every member of ours in it.
json::object complete_document(const json::object& document, const TenantSettings& settings);

class TenantSettingsStore {
 public:
  TenantSettingsStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  Result<TenantSettings> settings() const;
  // As it was stored; empty before.
  Result<json::object> document() const;
  Result<> replace(const json::object& document);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
