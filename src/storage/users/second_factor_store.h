// SPDX-License-Identifier: Apache-2.0
//
// Second factors of users, their recovery codes, and tokens that reset a password: tables
// um_second_factor, um_recovery_code and um_password_reset. Hashes are SHA-256 of random texts.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct SecondFactor {
  std::string user_id;
  std::string sealed;          // the shared secret
  std::int64_t last_step = 0;  // the newest step of time whose code was taken
  Instant created_at{};
};

class SecondFactorStore {
 public:
  SecondFactorStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  Result<std::optional<SecondFactor>> find(std::string_view user_id) const;
  // In the place of what there was, with these recovery codes.
  Result<> put(const SecondFactor& factor, const std::vector<std::string>& recovery_hashes);
  // The factor and its recovery codes.
  Result<> remove(std::string_view user_id);
  // False when a code of this step or a later one was taken before.
  Result<bool> take_step(std::string_view user_id, std::int64_t step);
  // False when the user has no such code.
  Result<bool> take_recovery_code(std::string_view user_id, std::string_view hash);
  Result<std::int64_t> recovery_codes_left(std::string_view user_id) const;

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

struct PasswordReset {
  std::string hash;
  model::TenantNumber tenant = model::first_tenant;
  std::string user_id;
  Instant expires_at{};
};

class PasswordResetStore {
 public:
  explicit PasswordResetStore(Transaction& transaction) : transaction_(transaction) {}

  Result<std::optional<PasswordReset>> find(std::string_view hash) const;
  // The user's earlier ones go.
  Result<> put(const PasswordReset& reset);
  // False when it was there no more.
  Result<bool> take(std::string_view hash);
  Result<> remove_of_user(model::TenantNumber tenant, std::string_view user_id);

 private:
  Transaction& transaction_;
};

}  // namespace gatehouse::storage
