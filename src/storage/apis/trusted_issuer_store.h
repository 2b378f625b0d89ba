// SPDX-License-Identifier: Apache-2.0
//
// Who else may vouch for users of a tenant: table am_trusted_issuer. Its document has
//
//   jwks          keys of its JSON tokens (RFC 7517, section 5)
//   jwks_uri      where they are instead
//   certificates  PEM texts of the certificates that its SAML assertions are signed with
//   subject       the claim of a JSON token that names the user; absent: `sub`
//   description   for people; may be absent
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct TrustedIssuer {
  std::string issuer;  // `iss` of its tokens, <Issuer> of its assertions
  json::object document{};
};

class TrustedIssuerStore {
 public:
  TrustedIssuerStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  Result<std::optional<TrustedIssuer>> find(std::string_view issuer) const;
  // In the order of their names.
  Result<Listed<TrustedIssuer>> list(const Window& window) const;
  // Takes the place of one that is there.
  Result<> put(const TrustedIssuer& issuer);
  Result<> remove(std::string_view issuer);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
