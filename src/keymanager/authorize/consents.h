// SPDX-License-Identifier: Apache-2.0
//
// What users have let clients do, remembered per user, client and scopes: who has agreed is asked
// again only for more.
//
// Thread:  pool threads.
#pragma once

#include "keymanager/directory.h"
#include "keymanager/options.h"
#include "keymanager/revocations.h"
#include "storage/apis/consent_store.h"

namespace gatehouse::keymanager {

class Consents {
 public:
  static constexpr std::int64_t list_max = 500;

  Consents(const Resources& resources, Revocations& revocations)
      : apis_(resources.apis), clock_(resources.clock), revocations_(revocations) {}

  // Whether the user has agreed to all of these.
  Result<bool> covers(const Account& account, const storage::Client& client,
                      const std::vector<std::string>& scopes) const;
  // Adds to what the user has agreed to before.
  Result<> grant(const Account& account, const storage::Client& client,
                 const std::vector<std::string>& scopes);
  Result<std::vector<storage::NamedConsent>> list(const Account& account) const;
  // The tokens that the client holds for the user end with it. Every gateway reads each revocation,
  // and anybody who has signed in may name any client here: without consent and token one is
  // written only where the client may have got JWTs for the user, and once in a second.
  Result<> withdraw(const Account& account, const std::string& client_id);

 private:
  bool may_have_jwts(const storage::Client& client, const Account& account, Instant last) const;

  storage::Database& apis_;
  const Clock& clock_;
  Revocations& revocations_;
};

}  // namespace gatehouse::keymanager
