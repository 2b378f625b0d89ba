// SPDX-License-Identifier: Apache-2.0
#include "keymanager/grants/device_code.h"

#include "core/digest.h"
#include "keymanager/client_kind.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

namespace {

using storage::Device;
using storage::DeviceStatus;
using storage::DeviceStore;
using storage::Transaction;

tl::unexpected<Error> not_valid(const char* detail) {
  return refuse(invalid_grant, "The device code is not valid", detail);
}

}  // namespace

Result<Entitlement> DeviceCodeGrant::decide(const Form& form, const storage::Client& client) {
  GH_TRY(device, find(form, client));
  switch (device.status) {
    case DeviceStatus::pending: GH_CHECK(note_question(device)); break;
    case DeviceStatus::denied: return refuse(device_denied, "The user has refused");
    case DeviceStatus::used:
      GH_CHECK(revocations_.revoke_family(client, device.family));
      return not_valid("used a second time");
    case DeviceStatus::approved: break;
  }
  if (device.status == DeviceStatus::pending) {
    return refuse(authorization_pending, "The user has not decided yet");
  }
  const model::TenantNumber home = number_or(device.document, "user_tenant", device.tenant);
  const Result<Account> account = directory_.by_id(home, device.user_id);
  if (!account && account.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(account.error());
  }
  if (!account || !account->active()) return not_valid("the user is gone or locked");
  if (!serves(client, home)) return not_valid("the user is of another tenant");
  GH_TRY(allowed, scopes_.allowed(user_holder(client.tenant, *account), device.scopes));
  return Entitlement{
      .client = client,
      .user_id = account->user.id,
      .user = account->user.name,
      .scopes = std::move(allowed),
      .grant_type = std::string(type()),
      .refresh = client.may("refresh_token") ? WithRefresh::yes : WithRefresh::no,
      .family = device.family,
      .redeem = [hash = device.hash](Transaction& transaction,
                                     Instant) { return DeviceStore(transaction).use(hash); },
      .details = {.sign_on = sign_on_from(device.document),
                  .user_tenant = foreign_tenant(client, home)}};
}

Result<Device> DeviceCodeGrant::find(const Form& form, const storage::Client& client) {
  GH_TRY(text, form.required("device_code"));
  GH_TRY(device, apis_.read([hash = to_bytes(sha256(text))](Transaction& transaction) {
    return DeviceStore(transaction).find(hash);
  }));
  if (!device || device->client_id != client.client_id) return not_valid("unknown");
  if (device->expires_at <= clock_.now()) return refuse(expired_token, "The user has not come");
  return *std::move(device);
}

Result<> DeviceCodeGrant::note_question(Device device) {
  const Instant now = clock_.now();
  const bool early = device.polled_at + std::chrono::seconds(device.interval_seconds) > now;
  device.polled_at = now;
  if (early) device.interval_seconds += slow_down_seconds;
  GH_CHECK(apis_.write(
      [&](Transaction& transaction) { return DeviceStore(transaction).set_polled(device); }));
  if (early) return refuse(slow_down, "Ask less often: the interval is five seconds longer now");
  return {};
}

}  // namespace gatehouse::keymanager
