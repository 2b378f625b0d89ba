// SPDX-License-Identifier: Apache-2.0
#include "keymanager/grants/saml_bearer.h"

#include "core/text.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

Result<Entitlement> SamlBearerGrant::decide(const Form& form, const storage::Client& client) {
  GH_TRY(encoded, form.required("assertion"));
  GH_TRY(asked, form.scopes());
  const Result<Account> account = user_of(client.tenant, encoded);
  if (!account) {
    const Error& error = account.error();
    const bool refused =
        error.code == ErrorCode::unauthenticated || error.code == ErrorCode::invalid_argument;
    if (!refused) return tl::unexpected<Error>(error);
    return refuse(invalid_grant, "The assertion does not hold",
                  error.detail.empty() ? error.message : error.detail);
  }
  GH_TRY(allowed, scopes_.allowed({HolderKind::user, account->tenant, account->roles}, asked));
  return Entitlement{.client = client,
                     .user_id = account->user.id,
                     .user = account->user.name,
                     .scopes = std::move(allowed),
                     .grant_type = std::string(type())};
}

Result<Account> SamlBearerGrant::user_of(model::TenantNumber tenant, const std::string& assertion) {
  GH_TRY(text, from_base64url(assertion));
  GH_TRY(document, XmlDocument::parse(text));
  GH_TRY(expected, issuers_.saml_expectation(tenant, saml_issuer(document)));
  GH_TRY(verified, verify_saml(document, expected));
  GH_CHECK(issuers_.use_once({.tenant = tenant,
                              .purpose = "saml",
                              .owner = expected.issuer,
                              .jti = verified.id,
                              .expires_at = verified.expires_at}));
  return vouched_user(directory_, tenant, verified.subject);
}

}  // namespace gatehouse::keymanager
