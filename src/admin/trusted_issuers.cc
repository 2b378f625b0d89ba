// SPDX-License-Identifier: Apache-2.0
//
// /trusted-issuers: who else may vouch for users of a tenant (keymanager/trusted_issuers.h).
#include <algorithm>

#include "admin/admin.h"
#include "core/text.h"
#include "http/web_url.h"
#include "jose/key_set.h"
#include "rest/problems.h"
#include "storage/apis/trusted_issuer_store.h"

namespace gatehouse::admin {

namespace {

using storage::Transaction;
using storage::TrustedIssuer;
using storage::TrustedIssuerStore;

// An issuer is a URL, which no segment of a path holds as it is.
std::string id_of(const TrustedIssuer& issuer) { return to_base64url(issuer.issuer); }

std::string issuer_of(const rest::Call& call) {
  return from_base64url(call.path_value("trustedIssuerId")).value_or("");
}

json::object view_of(const TrustedIssuer& issuer) {
  json::object view = issuer.document;
  view["subjectClaim"] = text_or(view, "subject", "sub");
  view.erase("subject");
  if (const json::value* url = view.if_contains("jwks_uri")) {
    view["jwksUri"] = *url;
    view.erase("jwks_uri");
  }
  view["id"] = id_of(issuer);
  view["issuer"] = issuer.issuer;
  return view;
}

tl::unexpected<Error> wrong(std::string why) {
  return fail(ErrorCode::invalid_argument, std::move(why));
}

Result<> check_keys(const json::object& jwks) {
  const json::array* keys = array_at(jwks, "keys");
  if (keys == nullptr || keys->empty()) return wrong("'jwks' has no keys");
  if (keys->size() > jose::keys_max) return wrong("'jwks' has too many keys");
  for (const json::value& key : *keys) {
    if (!key.is_object() || !jose::PublicKey::from_jwk(key.get_object())) {
      return wrong("'jwks' has a key that cannot be used, or a secret one");
    }
  }
  return {};
}

Result<TrustedIssuer> issuer_from(const json::object& body, const std::string& own) {
  TrustedIssuer issuer{.issuer = text_or(body, "issuer", ""), .document = {}};
  const bool plain = std::all_of(issuer.issuer.begin(), issuer.issuer.end(),
                                 [](char c) { return c > ' ' && c < 127; });
  if (!plain) return wrong("'issuer' has a character that no name of an issuer has");
  if (issuer.issuer == own) return wrong("'issuer' is this server itself");
  const json::object* jwks = object_at(body, "jwks");
  const std::string jwks_uri = text_or(body, "jwksUri", "");
  const std::vector<std::string> certificates = texts_of(body, "certificates");
  if (jwks == nullptr && jwks_uri.empty() && certificates.empty()) {
    return wrong("An issuer needs 'jwks', 'jwksUri' or 'certificates' to be known by");
  }
  if (jwks != nullptr && !jwks_uri.empty()) return wrong("'jwks' excludes 'jwksUri'");
  if (!jwks_uri.empty()) {
    if (!http::is_tamper_proof(jwks_uri)) return wrong("'jwksUri' is not an https URL");
    issuer.document["jwks_uri"] = jwks_uri;
  }
  if (jwks != nullptr) {
    GH_CHECK(check_keys(*jwks));
    issuer.document["jwks"] = *jwks;
  }
  for (const std::string& certificate : certificates) {
    if (!jose::PublicKey::from_certificate(certificate)) {
      return wrong("'certificates' has one that cannot be used");
    }
  }
  if (!certificates.empty()) issuer.document["certificates"] = to_json(certificates);
  issuer.document["subject"] = text_or(body, "subjectClaim", "sub");
  if (const std::string text = text_or(body, "description", ""); !text.empty()) {
    issuer.document["description"] = text;
  }
  return issuer;
}

Result<TrustedIssuer> find_in(Transaction& transaction, const rest::Call& call) {
  GH_TRY(found, TrustedIssuerStore(transaction, call.caller.tenant).find(issuer_of(call)));
  if (!found) return rest::refuse(rest::trusted_issuer_not_found);
  return *std::move(found);
}

}  // namespace

// GET /trusted-issuers: by the name of the issuer.
Result<rest::Reply> Admin::list_trusted_issuers(const rest::Call& call) {
  const rest::Page page = call.page();
  GH_TRY(listed, api_manager_.read([&](Transaction& transaction) {
    return TrustedIssuerStore(transaction, call.caller.tenant)
        .list(storage::Window{page.offset, page.limit});
  }));
  json::array list;
  for (const TrustedIssuer& issuer : listed.items) list.push_back(view_of(issuer));
  return rest::ok(rest::page_of(std::move(list), listed.total, call));
}

// POST /trusted-issuers: its assertions are believed from now on.
//   400  no keys, or one that cannot be used
//   409  the issuer is trusted already
Result<rest::Reply> Admin::create_trusted_issuer(const rest::Call& call) {
  GH_TRY(issuer, issuer_from(call.object(), options_.issuer));
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    TrustedIssuerStore store(transaction, call.caller.tenant);
    GH_TRY(present, store.find(issuer.issuer));
    if (present) return rest::refuse(rest::trusted_issuer_exists, issuer.issuer);
    return store.put(issuer);
  });
  GH_CHECK(stored);
  return rest::created(view_of(issuer), "/trusted-issuers/" + id_of(issuer));
}

Result<rest::Reply> Admin::get_trusted_issuer(const rest::Call& call) {
  GH_TRY(issuer,
         api_manager_.read([&](Transaction& transaction) { return find_in(transaction, call); }));
  return rest::ok(view_of(issuer));
}

// PUT /trusted-issuers/{trustedIssuerId}: everything but the name of the issuer.
Result<rest::Reply> Admin::update_trusted_issuer(const rest::Call& call) {
  GH_TRY(issuer, issuer_from(call.object(), options_.issuer));
  if (issuer.issuer != issuer_of(call)) return wrong("The name of an issuer cannot be changed");
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(find_in(transaction, call));
    return TrustedIssuerStore(transaction, call.caller.tenant).put(issuer);
  });
  GH_CHECK(stored);
  return rest::ok(view_of(issuer));
}

// DELETE /trusted-issuers/{trustedIssuerId}: tokens that it has helped to stay as they are.
Result<rest::Reply> Admin::delete_trusted_issuer(const rest::Call& call) {
  const Result<> gone = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_TRY(issuer, find_in(transaction, call));
    return TrustedIssuerStore(transaction, call.caller.tenant).remove(issuer.issuer);
  });
  GH_CHECK(gone);
  return rest::Reply{};
}

}  // namespace gatehouse::admin
