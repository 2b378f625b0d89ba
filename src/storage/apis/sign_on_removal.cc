// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/sign_on_removal.h"

#include "storage/apis/authorization_code_store.h"
#include "storage/apis/device_store.h"
#include "storage/apis/pushed_request_store.h"
#include "storage/apis/session_store.h"

namespace gatehouse::storage {

// A user's id and a client's are each unique over all tenants. Rows of a user of one tenant at a
// client of another lie in the one or in the other, so they are removed by ids alone.

Result<> remove_sign_on_of_user(Transaction& transaction, model::TenantNumber tenant,
                                std::string_view user_id) {
  GH_CHECK(transaction.execute("DELETE FROM am_session WHERE tenant_id = $1 AND user_id = $2",
                               tenant, user_id));
  GH_CHECK(transaction.execute("DELETE FROM am_consent WHERE tenant_id = $1 AND user_id = $2",
                               tenant, user_id));
  GH_CHECK(transaction.execute(
      "DELETE FROM am_authorization_code WHERE tenant_id = $1 AND user_id = $2", tenant, user_id));
  // tidy: allow(tenant_id) a device is its client's, and the user's tenant may be another
  GH_CHECK(
      transaction.execute("DELETE FROM am_device WHERE user_id = $1 AND user_id <> ''", user_id));
  return {};
}

Result<> remove_sign_on_of_client(Transaction& transaction, model::TenantNumber tenant,
                                  std::string_view client_id) {
  // tidy: allow(tenant_id) a consent is its user's, and the client's tenant may be another
  GH_CHECK(transaction.execute("DELETE FROM am_consent WHERE client_id = $1", client_id));
  // tidy: allow(tenant_id) and so is a code
  GH_CHECK(
      transaction.execute("DELETE FROM am_authorization_code WHERE client_id = $1", client_id));
  GH_CHECK(transaction.execute(
      "DELETE FROM am_pushed_request WHERE tenant_id = $1 AND client_id = $2", tenant, client_id));
  GH_CHECK(transaction.execute("DELETE FROM am_device WHERE tenant_id = $1 AND client_id = $2",
                               tenant, client_id));
  return {};
}

Result<> remove_sign_on_of(Transaction& transaction, const UserAtClient& pair) {
  // tidy: allow(tenant_id) consents and codes are the user's, devices the client's
  GH_CHECK(transaction.execute("DELETE FROM am_consent WHERE client_id = $1 AND user_id = $2",
                               pair.client_id, pair.user_id));
  // tidy: allow(tenant_id) a code is its user's, as a consent is
  GH_CHECK(
      transaction.execute("DELETE FROM am_authorization_code WHERE client_id = $1 AND user_id = $2",
                          pair.client_id, pair.user_id));
  // tidy: allow(tenant_id) a device is its client's, and the user's tenant may be another
  GH_CHECK(
      transaction.execute("DELETE FROM am_device WHERE client_id = $1 AND user_id = $2 "
                          "AND user_id <> ''",
                          pair.client_id, pair.user_id));
  return {};
}

Result<std::int64_t> remove_expired_sign_on(Transaction& transaction, const SignOnExpiry& expiry) {
  const std::int64_t limit = expiry.limit;
  GH_TRY(sessions, SessionStore(transaction).remove_expired(expiry.now, expiry.idle, limit));
  GH_TRY(codes, AuthorizationCodeStore(transaction).remove_expired(expiry.codes, limit));
  GH_TRY(requests, PushedRequestStore(transaction).remove_expired(expiry.now, limit));
  GH_TRY(devices, DeviceStore(transaction).remove_expired(expiry.now, limit));
  return sessions + codes + requests + devices;
}

}  // namespace gatehouse::storage
