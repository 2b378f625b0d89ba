// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/device_store.h"

#include "core/text.h"

namespace gatehouse::storage {

namespace {

constexpr std::array<std::string_view, 4> statuses{"pending", "approved", "denied", "used"};

std::string_view to_text(DeviceStatus status) {
  return statuses.at(static_cast<std::size_t>(status));
}

Result<std::optional<Device>> device_from(const std::optional<Row>& row) {
  if (!row) return std::optional<Device>();
  GH_TRY(document, stored_document(row->text(7)));
  const auto status = std::find(statuses.begin(), statuses.end(), row->text(8));
  if (status == statuses.end()) return fail(ErrorCode::internal, "A stored device is damaged");
  return std::optional<Device>(
      Device{.hash = row->bytes(0),
             .user_code_hash = row->bytes(1),
             .tenant = row->number(2),
             .client_id = row->text(3),
             .user_id = row->text(4),
             .family = row->text(5),
             .scopes = split_words(row->text(6)),
             .document = std::move(document),
             .status = static_cast<DeviceStatus>(status - statuses.begin()),
             .interval_seconds = row->number(9),
             .polled_at = row->instant(10),
             .expires_at = row->instant(11)});
}

}  // namespace

Result<std::optional<Device>> DeviceStore::find(std::string_view hash) const {
  // tidy: allow(tenant_id) a device is looked up before its tenant is known
  GH_TRY(row, transaction_.query_one(
                  "SELECT hash, user_code_hash, tenant_id, client_id, user_id, family, scopes, "
                  "document, status, interval_seconds, polled_at_ms, expires_at_ms "
                  "FROM am_device WHERE hash = $1",
                  Bytes{std::string(hash)}));
  return device_from(row);
}

Result<std::optional<Device>> DeviceStore::find_by_user_code(std::string_view hash) const {
  // tidy: allow(tenant_id) a device is looked up before its tenant is known
  GH_TRY(row, transaction_.query_one(
                  "SELECT hash, user_code_hash, tenant_id, client_id, user_id, family, scopes, "
                  "document, status, interval_seconds, polled_at_ms, expires_at_ms "
                  "FROM am_device WHERE user_code_hash = $1",
                  Bytes{std::string(hash)}));
  return device_from(row);
}

Result<> DeviceStore::insert(const Device& device) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_device (hash, user_code_hash, tenant_id, client_id, user_id, family, scopes, "
      "document, status, interval_seconds, polled_at_ms, expires_at_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
      Bytes{device.hash}, Bytes{device.user_code_hash}, device.tenant, device.client_id,
      device.user_id, device.family, join(device.scopes, " "), json::serialize(device.document),
      to_text(device.status), device.interval_seconds, device.polled_at, device.expires_at));
  return {};
}

Result<> DeviceStore::set_polled(const Device& device) {
  GH_CHECK(transaction_.execute(
      "UPDATE am_device SET polled_at_ms = $3, interval_seconds = $4 "
      "WHERE tenant_id = $1 AND hash = $2",
      device.tenant, Bytes{device.hash}, device.polled_at, device.interval_seconds));
  return {};
}

Result<bool> DeviceStore::decide(const Device& device) {
  GH_TRY(changed, transaction_.execute(
                      "UPDATE am_device SET status = $3, user_id = $4, scopes = $5, document = $6 "
                      "WHERE tenant_id = $1 AND hash = $2 AND status = 'pending'",
                      device.tenant, Bytes{device.hash}, to_text(device.status), device.user_id,
                      join(device.scopes, " "), json::serialize(device.document)));
  return changed == 1;
}

Result<bool> DeviceStore::use(std::string_view hash) {
  GH_TRY(changed, transaction_.execute("UPDATE am_device SET status = 'used' WHERE hash = $1 "
                                       "AND status = 'approved' AND tenant_id > 0",
                                       Bytes{std::string(hash)}));
  return changed == 1;
}

Result<std::int64_t> DeviceStore::remove_expired(Instant until, std::int64_t limit) {
  return transaction_.execute(
      "DELETE FROM am_device WHERE tenant_id > 0 AND hash IN (SELECT hash FROM am_device "
      "WHERE expires_at_ms < $1 AND tenant_id > 0 LIMIT $2)",
      until, limit);
}

}  // namespace gatehouse::storage
