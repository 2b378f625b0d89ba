// SPDX-License-Identifier: Apache-2.0
#include "keymanager/foreign/provider_reader.h"

#include "core/text.h"
#include "jose/key_set.h"
#include "jose/pem.h"

namespace gatehouse::keymanager {

namespace {

Result<json::object> key_set_from_pem(const std::string& value) {
  const bool plain = value.starts_with("-----BEGIN");
  const Result<std::string> decoded = plain ? Result<std::string>(value) : from_base64(value);
  if (!decoded) return fail(ErrorCode::invalid_argument, "The certificate is not base64 of PEM");
  GH_TRY(jwk, jose::jwk_from_pem(*decoded));
  GH_CHECK(jose::PublicKey::from_jwk(jwk));
  return json::object{{"keys", json::array{std::move(jwk)}}, {"any_kid", true}};
}

}  // namespace

Result<json::object> ProviderReader::get(const std::string& url) const {
  GH_TRY(response, fetcher_.get(url, deadline));
  if (response.status != 200) {
    return fail(ErrorCode::unavailable,
                fmt::format("The provider answered with status {}", response.status), url);
  }
  const Result<json::object> object = parse_json_object(response.body);
  if (!object) return fail(ErrorCode::invalid_argument, "The provider's answer is not JSON", url);
  return object;
}

Result<json::object> ProviderReader::metadata(const std::string& url) const {
  GH_TRY(object, get(url));
  if (text_or(object, "issuer", "").empty()) {
    return fail(ErrorCode::invalid_argument, "The document names no issuer", url);
  }
  return object;
}

Result<json::object> ProviderReader::key_set(const json::object& certificates) const {
  const std::string type = text_or(certificates, "type", "");
  const std::string value = text_or(certificates, "value", "");
  if (type == "PEM") return key_set_from_pem(value);
  if (type != "JWKS") return fail(ErrorCode::invalid_argument, "Keys come as JWKS or PEM");
  GH_TRY(object, get(value));
  GH_TRY(keys, jose::KeySet::from_json(object));
  if (keys.empty()) {
    return fail(ErrorCode::invalid_argument, "The provider has no key that can be used", value);
  }
  return keys.to_json();
}

}  // namespace gatehouse::keymanager
