// SPDX-License-Identifier: Apache-2.0
#include "keymanager/sign_on.h"

namespace gatehouse::keymanager {

json::object to_json(const SignOn& sign_on) {
  return {{"at_ms", to_ms(sign_on.at)},
          {"acr", sign_on.acr},
          {"amr", gatehouse::to_json(sign_on.amr)},
          {"nonce", sign_on.nonce}};
}

SignOn sign_on_from(const json::object& object) {
  return {.at = from_ms(number_or(object, "at_ms", 0)),
          .acr = text_or(object, "acr", acr_password),
          .amr = texts_of(object, "amr"),
          .nonce = text_or(object, "nonce", "")};
}

}  // namespace gatehouse::keymanager
