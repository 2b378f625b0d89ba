// SPDX-License-Identifier: Apache-2.0
#include "jose/jwt.h"

#include <fmt/format.h>

#include <optional>

#include "core/text.h"

namespace gatehouse::jose {

namespace {

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  // header '.' payload, as they came
};

tl::unexpected<Error> refuse(std::string why) {
  return fail(ErrorCode::unauthenticated, "The token is not valid", std::move(why));
}

std::optional<Parts> parts_of(std::string_view compact) {
  if (compact.size() > jwt_bytes_max) return std::nullopt;
  const std::size_t first = compact.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = compact.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  if (compact.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  const Parts parts{compact.substr(0, first), compact.substr(first + 1, second - first - 1),
                    compact.substr(second + 1), compact.substr(0, second)};
  if (parts.header.empty() || parts.payload.empty() || parts.signature.empty()) return std::nullopt;
  return parts;
}

Result<json::object> object_from(std::string_view part, const char* name) {
  const Result<std::string> text = from_base64url(part);
  if (!text) return refuse(fmt::format("{} is not base64url", name));
  Result<json::object> object = parse_json_object(*text);
  if (!object) return refuse(fmt::format("{}: {}", name, object.error().message));
  return object;
}

// A header parameter that is absent, or a string.
Result<std::string> optional_text(const json::object& header, std::string_view name) {
  const json::value* value = header.if_contains(name);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return refuse(fmt::format("{} is not a string", name));
  return std::string(value->get_string());
}

// What the header says, as far as it is believed.
struct Header {
  std::string type;
  std::string kid;
  Algorithm algorithm{};
  json::object all;
};

Result<Header> header_from(std::string_view part) {
  GH_TRY(all, object_from(part, "header"));
  if (all.contains("crit") || all.contains("b64")) return refuse("unknown crit or b64");
  GH_TRY(algorithm_name, optional_text(all, "alg"));
  GH_TRY(kid, optional_text(all, "kid"));
  GH_TRY(type, optional_text(all, "typ"));
  const Result<Algorithm> algorithm = parse_algorithm(algorithm_name);
  if (!algorithm) return refuse(fmt::format("algorithm {}", algorithm_name));
  return Header{std::move(type), std::move(kid), *algorithm, std::move(all)};
}

// The claims are read only once they are known to be the key's.
Result<Jwt> claims_by(const PublicKey& key, const Parts& parts, Header header) {
  const Result<std::string> signature = from_base64url(parts.signature);
  if (!signature) return refuse("signature is not base64url");
  if (!key.verify(parts.signed_text, *signature)) return refuse("wrong signature");
  GH_TRY(claims, object_from(parts.payload, "payload"));
  return Jwt{std::move(header.type), std::move(header.kid), std::move(claims)};
}

// An RSA key that names no algorithm of its own serves the one that the header names.
json::object named_for(const json::object& jwk, Algorithm algorithm) {
  json::object named = jwk;
  if (!named.contains("alg")) named["alg"] = to_text(algorithm);
  return named;
}

}  // namespace

bool looks_like_jwt(std::string_view text) {
  // "eyJ" is base64url of `{"`: the beginning of every header without white space.
  return text.starts_with("eyJ") && parts_of(text).has_value();
}

Result<json::object> unverified_claims(std::string_view compact) {
  const std::optional<Parts> parts = parts_of(compact);
  if (!parts) return refuse("not three parts");
  return object_from(parts->payload, "payload");
}

Result<KeyName> unverified_key_name(std::string_view compact) {
  const std::optional<Parts> parts = parts_of(compact);
  if (!parts) return refuse("not three parts");
  GH_TRY(header, header_from(parts->header));
  return KeyName{std::move(header.kid), header.algorithm};
}

Result<Jwt> verify(std::string_view compact, const KeySet& keys) {
  const std::optional<Parts> parts = parts_of(compact);
  if (!parts) return refuse("not three parts");
  GH_TRY(header, header_from(parts->header));
  const PublicKey* key = keys.find(header.kid, header.algorithm);
  if (key == nullptr) return refuse(fmt::format("no key of kid {}", header.kid));
  return claims_by(*key, *parts, std::move(header));
}

Result<Possession> verify_possession(std::string_view compact, std::string_view type) {
  const std::optional<Parts> parts = parts_of(compact);
  if (!parts) return refuse("not three parts");
  GH_TRY(header, header_from(parts->header));
  if (header.type != type) return refuse(fmt::format("type {}", header.type));
  const json::object* jwk = object_at(header.all, "jwk");
  if (jwk == nullptr) return refuse("no key in the header");
  const Result<PublicKey> key = PublicKey::from_jwk(named_for(*jwk, header.algorithm));
  if (!key) return refuse(key.error().message);
  if (key->algorithm() != header.algorithm) return refuse("the key is for another algorithm");
  GH_TRY(jwt, claims_by(*key, *parts, std::move(header)));
  return Possession{std::move(jwt), *key};
}

Result<std::string> sign(const PrivateKey& key, std::string_view type, const json::object& claims) {
  const json::object header{{"typ", type},
                            {"alg", to_text(key.public_key().algorithm())},
                            {"kid", key.public_key().kid()}};
  std::string token = to_base64url(json::serialize(header));
  token += '.';
  token += to_base64url(json::serialize(claims));
  GH_TRY(signature, key.sign(token));
  token += '.';
  token += to_base64url(signature);
  return token;
}

}  // namespace gatehouse::jose
