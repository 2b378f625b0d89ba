// SPDX-License-Identifier: Apache-2.0
//
// Devices that wait for a user to let them in: table am_device.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

enum class DeviceStatus : std::uint8_t { pending, approved, denied, used };

struct Device {
  std::string hash;            // SHA-256 of the device code
  std::string user_code_hash;  // SHA-256 of the user code
  model::TenantNumber tenant = model::first_tenant;
  std::string client_id;
  std::string user_id{};  // empty while pending
  std::string family{};
  std::vector<std::string> scopes;
  json::object document{};  // how the user signed on
  DeviceStatus status = DeviceStatus::pending;
  std::int64_t interval_seconds = 5;
  Instant polled_at{};
  Instant expires_at{};
};

class DeviceStore {
 public:
  explicit DeviceStore(Transaction& transaction) : transaction_(transaction) {}

  Result<std::optional<Device>> find(std::string_view hash) const;
  Result<std::optional<Device>> find_by_user_code(std::string_view hash) const;
  // Error: conflict, when one of the codes is taken.
  Result<> insert(const Device& device);
  // Writes when it asked last and how long it must wait.
  Result<> set_polled(const Device& device);
  // Writes status, user, scopes and document of one that is pending. False when it is not any more.
  Result<bool> decide(const Device& device);
  // From approved to used; false when it is not approved.
  Result<bool> use(std::string_view hash);
  Result<std::int64_t> remove_expired(Instant until, std::int64_t limit);

 private:
  Transaction& transaction_;
};

}  // namespace gatehouse::storage
