// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/consents.h"

#include <algorithm>

#include "keymanager/client_kind.h"
#include "storage/apis/revocation_store.h"
#include "storage/apis/token_store.h"

namespace gatehouse::keymanager {

namespace {

using storage::Consent;
using storage::ConsentStore;
using storage::Transaction;

}  // namespace

Result<bool> Consents::covers(const Account& account, const storage::Client& client,
                              const std::vector<std::string>& scopes) const {
  GH_TRY(consent, apis_.read([&](Transaction& transaction) {
    return ConsentStore(transaction, account.tenant).find(account.user.id, client.client_id);
  }));
  if (!consent) return false;
  return std::all_of(scopes.begin(), scopes.end(), [&](const std::string& scope) {
    return std::find(consent->scopes.begin(), consent->scopes.end(), scope) !=
           consent->scopes.end();
  });
}

Result<> Consents::grant(const Account& account, const storage::Client& client,
                         const std::vector<std::string>& scopes) {
  const Instant now = clock_.now();
  return apis_.write([&](Transaction& transaction) -> Result<> {
    ConsentStore store(transaction, account.tenant);
    GH_TRY(before, store.find(account.user.id, client.client_id));
    Consent consent = before.value_or(Consent{account.user.id, client.client_id, {}, now});
    for (const std::string& scope : scopes) {
      const bool there =
          std::find(consent.scopes.begin(), consent.scopes.end(), scope) != consent.scopes.end();
      if (!there) consent.scopes.push_back(scope);
    }
    consent.granted_at = now;
    return store.put(consent);
  });
}

Result<std::vector<storage::NamedConsent>> Consents::list(const Account& account) const {
  return apis_.read([&](Transaction& transaction) {
    return ConsentStore(transaction, account.tenant).list(account.user.id, list_max);
  });
}

Result<> Consents::withdraw(const Account& account, const std::string& client_id) {
  GH_TRY(client, apis_.read([&](Transaction& transaction) {
    return storage::ClientStore(transaction).find(client_id);
  }));
  GH_TRY(there, apis_.read([&](Transaction& transaction) -> Result<bool> {
    GH_TRY(consent, ConsentStore(transaction, account.tenant).find(account.user.id, client_id));
    if (consent) return true;
    GH_TRY(stored,
           storage::TokenStore(transaction).has_of({client.tenant, account.user.id, client_id}));
    if (stored) return true;
    GH_TRY(last, storage::RevocationStore(transaction)
                     .last_of_user_client({client.tenant, account.user.id, client_id}));
    return may_have_jwts(client, account, last);
  }));
  if (!there) return {};
  return revocations_.revoke_user_client(client, account.user.id, nullptr);
}

// A JWT tells the second in which it was issued: one of this second is meant by the last
// revocation already.
bool Consents::may_have_jwts(const storage::Client& client, const Account& account,
                             Instant last) const {
  using std::chrono::seconds;
  const bool again = std::chrono::floor<seconds>(last) == std::chrono::floor<seconds>(clock_.now());
  return !again && may_hold_jwts(client) && serves(client, account.tenant);
}

}  // namespace gatehouse::keymanager
