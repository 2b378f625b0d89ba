// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/codes.h"

#include "core/digest.h"
#include "core/text.h"
#include "keymanager/oauth_error.h"
#include "storage/apis/pushed_request_store.h"

namespace gatehouse::keymanager {

namespace {

using storage::AuthorizationCodeStore;
using storage::Transaction;

constexpr std::size_t code_size = 32;
constexpr std::size_t family_size = 16;

}  // namespace

json::object to_json(const CodeTerms& terms) {
  return {{"redirect_uri", terms.redirect_uri},
          {"redirect_given", terms.redirect_given},
          {"challenge", terms.challenge},
          {"scopes", gatehouse::to_json(terms.scopes)},
          {"dpop_jkt", terms.key_thumbprint},
          {"sign_on", to_json(terms.sign_on)},
          {"sid", terms.session}};
}

CodeTerms code_terms_from(const json::object& object) {
  CodeTerms terms{.redirect_uri = text_or(object, "redirect_uri", ""),
                  .redirect_given = flag_or(object, "redirect_given", false),
                  .challenge = text_or(object, "challenge", ""),
                  .scopes = texts_of(object, "scopes"),
                  .key_thumbprint = text_or(object, "dpop_jkt", ""),
                  .sign_on = {},
                  .session = text_or(object, "sid", "")};
  if (const json::object* sign_on = object_at(object, "sign_on")) {
    terms.sign_on = sign_on_from(*sign_on);
  }
  return terms;
}

Result<std::string> Codes::issue(const AuthorizationRequest& request, const Session& session,
                                 const std::vector<std::string>& scopes) {
  std::string code = to_base64url(random_.bytes(code_size));
  CodeTerms terms{.redirect_uri = request.back.redirect_uri,
                  .redirect_given = request.redirect_given,
                  .challenge = request.challenge,
                  .scopes = scopes,
                  .key_thumbprint = request.key_thumbprint,
                  .sign_on = session.sign_on,
                  .session = session.id};
  terms.sign_on.nonce = request.nonce;
  const storage::StoredCode row{.hash = to_bytes(sha256(code)),
                                .tenant = session.account.tenant,
                                .client_id = request.client_id,
                                .user_id = session.account.user.id,
                                .family = to_base64url(random_.bytes(family_size)),
                                .document = to_json(terms),
                                .expires_at = clock_.now() + lifetime};
  const Result<> written = apis_.write([&](Transaction& transaction) -> Result<> {
    if (!request.pushed_hash.empty()) {
      storage::PushedRequestStore pushed(transaction);
      GH_TRY(there, pushed.find(request.pushed_hash));
      if (!there) return refuse(invalid_request_uri, "The request_uri was used before");
      GH_CHECK(pushed.remove(request.pushed_hash));
    }
    return AuthorizationCodeStore(transaction).insert(row);
  });
  GH_CHECK(written);
  return code;
}

Result<std::optional<storage::StoredCode>> Codes::find(std::string_view code) const {
  return apis_.read([hash = to_bytes(sha256(code))](Transaction& transaction) {
    return AuthorizationCodeStore(transaction).find(hash);
  });
}

}  // namespace gatehouse::keymanager
