// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/consents.h"

#include <algorithm>

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
  // Every gateway reads each revocation, and anybody who has signed in may name any client here.
  GH_TRY(there, apis_.read([&](Transaction& transaction) -> Result<bool> {
    GH_TRY(consent, ConsentStore(transaction, account.tenant).find(account.user.id, client_id));
    if (consent) return true;
    return storage::TokenStore(transaction).has_of({client.tenant, account.user.id, client_id});
  }));
  if (!there) return {};
  return revocations_.revoke_user_client(client, account.user.id, nullptr);
}

}  // namespace gatehouse::keymanager
