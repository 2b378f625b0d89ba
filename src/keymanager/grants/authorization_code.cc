// SPDX-License-Identifier: Apache-2.0
#include "keymanager/grants/authorization_code.h"

#include "keymanager/authorize/proof_key.h"
#include "keymanager/client_kind.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

namespace {

tl::unexpected<Error> not_valid(const char* detail) {
  return refuse(invalid_grant, "The authorization code is not valid", detail);
}

Result<> check_proofs(const Form& form, const CodeTerms& terms) {
  const std::string_view redirect_uri = form.text("redirect_uri");
  const bool may_be_absent = !terms.redirect_given && redirect_uri.empty();
  if (redirect_uri != terms.redirect_uri && !may_be_absent) {
    return refuse(invalid_grant, "The redirect_uri is not that of the authorization request");
  }
  const std::string_view verifier = form.text("code_verifier");
  if (terms.challenge.empty()) {
    // Whoever sends a verifier has asked with a challenge, so this is a code of another request.
    if (!verifier.empty())
      return refuse(invalid_grant, "The code was asked for without a challenge");
    return {};
  }
  if (!verifier_matches(verifier, terms.challenge)) {
    return refuse(invalid_grant, "The code_verifier does not fit the code_challenge");
  }
  return {};
}

}  // namespace

Result<Entitlement> AuthorizationCodeGrant::decide(const Form& form,
                                                   const storage::Client& client) {
  GH_TRY(code, find(form, client));
  const CodeTerms terms = code_terms_from(code.document);
  GH_CHECK(check_proofs(form, terms));
  const Result<Account> account = directory_.by_id(code.tenant, code.user_id);
  if (!account && account.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(account.error());
  }
  if (!account || !account->active()) return not_valid("the user is gone or locked");
  if (!serves(client, account->tenant)) return not_valid("the user is of another tenant");
  GH_TRY(allowed, scopes_.allowed(user_holder(client.tenant, *account), terms.scopes));
  return Entitlement{.client = client,
                     .user_id = account->user.id,
                     .user = account->user.name,
                     .scopes = std::move(allowed),
                     .grant_type = std::string(type()),
                     .refresh = client.may("refresh_token") ? WithRefresh::yes : WithRefresh::no,
                     .family = code.family,
                     .redeem =
                         [hash = code.hash](storage::Transaction& transaction, Instant now) {
                           return storage::AuthorizationCodeStore(transaction).use(hash, now);
                         },
                     .details = {.key_thumbprint = terms.key_thumbprint,
                                 .sign_on = terms.sign_on,
                                 .user_tenant = foreign_tenant(client, account->tenant),
                                 .session = terms.session},
                     .code = std::string(form.text("code"))};
}

Result<storage::StoredCode> AuthorizationCodeGrant::find(const Form& form,
                                                         const storage::Client& client) {
  GH_TRY(text, form.required("code"));
  GH_TRY(code, codes_.find(text));
  if (!code || code->client_id != client.client_id)
    return not_valid("unknown, or another client's");
  if (code->used()) {
    GH_CHECK(revocations_.revoke_family(client, code->family));
    return not_valid("used a second time");
  }
  if (code->expires_at <= clock_.now()) return not_valid("expired");
  return *std::move(code);
}

}  // namespace gatehouse::keymanager
