// SPDX-License-Identifier: Apache-2.0
#include "keymanager/token_details.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view certificate_member = "x5t#S256";

void add_sign_on(json::object& object, const SignOn& sign_on) {
  object["auth_time"] = to_ms(sign_on.at) / 1000;
  if (!sign_on.acr.empty()) object["acr"] = sign_on.acr;
  if (!sign_on.amr.empty()) object["amr"] = gatehouse::to_json(sign_on.amr);
}

}  // namespace

json::object to_json(const TokenDetails& details) {
  json::object object;
  if (!details.audiences.empty()) object["aud"] = gatehouse::to_json(details.audiences);
  if (details.is_bound()) {
    json::object confirmation;
    if (!details.key_thumbprint.empty()) confirmation["jkt"] = details.key_thumbprint;
    if (!details.certificate_thumbprint.empty()) {
      confirmation[certificate_member] = details.certificate_thumbprint;
    }
    object["cnf"] = std::move(confirmation);
  }
  if (!details.actor.empty()) object["act"] = details.actor;
  if (details.sign_on) add_sign_on(object, *details.sign_on);
  if (!details.session.empty()) object["sid"] = details.session;
  if (details.user_tenant != 0) object["user_tenant"] = details.user_tenant;
  return object;
}

TokenDetails token_details_from(const json::object& object) {
  TokenDetails details;
  details.audiences = texts_of(object, "aud");
  if (const json::object* confirmation = object_at(object, "cnf")) {
    details.key_thumbprint = text_or(*confirmation, "jkt", "");
    details.certificate_thumbprint = text_or(*confirmation, certificate_member, "");
  }
  if (const json::object* actor = object_at(object, "act")) details.actor = *actor;
  if (object.contains("auth_time")) {
    details.sign_on = SignOn{.at = from_ms(number_or(object, "auth_time", 0) * 1000),
                             .acr = text_or(object, "acr", ""),
                             .amr = texts_of(object, "amr")};
  }
  details.session = text_or(object, "sid", "");
  details.user_tenant = number_or(object, "user_tenant", 0);
  return details;
}

}  // namespace gatehouse::keymanager
