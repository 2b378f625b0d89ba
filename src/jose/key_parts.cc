// SPDX-License-Identifier: Apache-2.0
#include "jose/key_parts.h"

#include <openssl/core_names.h>

#include <array>

#include "core/digest.h"
#include "core/text.h"
#include "jose/key.h"

namespace gatehouse::jose {

namespace {

constexpr std::size_t coordinate_size = 32;  // of P-256 and Ed25519

tl::unexpected<Error> refuse(const char* why) { return fail(ErrorCode::invalid_argument, why); }

Result<std::string> part(const json::object& jwk, std::string_view name) {
  const json::value* value = jwk.if_contains(name);
  if (value == nullptr || !value->is_string()) return refuse("The key lacks a part");
  return from_base64url(value->get_string());
}

// One of a curve's point. Some libraries drop its leading zeros, which RFC 7518, section 6.2.1.2,
// forbids: one key in 128 would not be taken. The point is checked to be on the curve anyway.
Result<std::string> coordinate(const json::object& jwk, std::string_view name) {
  Result<std::string> bytes = part(jwk, name);
  if (bytes && bytes->size() > coordinate_size) return refuse("A part has a wrong length");
  if (bytes) bytes->insert(0, coordinate_size - bytes->size(), '\0');
  return bytes;
}

Number number_from(std::string_view bytes) {
  return Number(BN_bin2bn(octets(bytes), static_cast<int>(bytes.size()), nullptr));
}

Result<Key> key_from(const char* type, OSSL_PARAM* parameters) {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* raw = nullptr;
  const bool made = context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                    EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, parameters) == 1;
  Key key(raw);
  if (!made) return refuse("The parts of the key do not make a key");
  const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (check == nullptr || EVP_PKEY_public_check_quick(check.get()) != 1) {
    return refuse("The parts of the key do not make a valid key");
  }
  return key;
}

Result<Key> rsa_key(const json::object& jwk) {
  GH_TRY(modulus, part(jwk, "n"));
  GH_TRY(exponent, part(jwk, "e"));
  const Number n = number_from(modulus);
  const Number e = number_from(exponent);
  // An exponent of 1 makes every message its own signature; a huge one is slow to verify.
  const bool sound = BN_num_bits(n.get()) >= rsa_bits_min && BN_num_bits(n.get()) <= rsa_bits_max &&
                     BN_is_odd(n.get()) && BN_is_odd(e.get()) && BN_num_bits(e.get()) >= 2 &&
                     BN_num_bits(e.get()) <= 32;
  if (!sound) return refuse("The RSA key has a bad modulus or exponent");
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  return key_from("RSA", parameters.get());
}

Result<Key> p256_key(const json::object& jwk) {
  GH_TRY(x, coordinate(jwk, "x"));
  GH_TRY(y, coordinate(jwk, "y"));
  const std::string point = '\x04' + x + y;  // uncompressed, SEC 1 section 2.3.3
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  return key_from("EC", parameters.get());
}

Result<Key> ed25519_key(const json::object& jwk) {
  GH_TRY(x, part(jwk, "x"));
  if (x.size() != coordinate_size) return refuse("A part has a wrong length");
  Key key(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, octets(std::string_view(x)),
                                         x.size()));
  if (key == nullptr) return refuse("The parts of the key do not make a key");
  return key;
}

std::string number_part(const EVP_PKEY& key, const char* name) {
  BIGNUM* raw = nullptr;
  GH_ASSERT(EVP_PKEY_get_bn_param(&key, name, &raw) == 1);
  const Number number(raw);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), octets(bytes));
  return to_base64url(bytes);
}

// BN_bn2bin drops leading zeros; a coordinate keeps them (RFC 7518, section 6.2.1.2).
std::string coordinate_part(const EVP_PKEY& key, const char* name) {
  BIGNUM* raw = nullptr;
  GH_ASSERT(EVP_PKEY_get_bn_param(&key, name, &raw) == 1);
  const Number number(raw);
  std::string bytes(coordinate_size, '\0');
  GH_ASSERT(BN_bn2binpad(number.get(), octets(bytes), static_cast<int>(bytes.size())) > 0);
  return to_base64url(bytes);
}

}  // namespace

Result<Algorithm> algorithm_of(const json::object& jwk) {
  const std::string type = text_or(jwk, "kty", "");
  const std::string curve = text_or(jwk, "crv", "");
  const json::value* named = jwk.if_contains("alg");
  Algorithm algorithm{};
  if (type == "RSA") {
    const bool pss = named != nullptr && *named == json::value(to_text(Algorithm::ps256));
    algorithm = pss ? Algorithm::ps256 : Algorithm::rs256;
  } else if (type == "EC" && curve == "P-256") {
    algorithm = Algorithm::es256;
  } else if (type == "OKP" && curve == "Ed25519") {
    algorithm = Algorithm::eddsa;
  } else {
    return refuse("The key is of a type that is not supported");
  }
  if (named != nullptr && *named != json::value(to_text(algorithm))) {
    return refuse("The key is for an algorithm that is not supported");
  }
  return algorithm;
}

Result<Key> key_from_parts(const json::object& jwk, Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rs256:
    case Algorithm::ps256: return rsa_key(jwk);
    case Algorithm::es256: return p256_key(jwk);
    case Algorithm::eddsa: return ed25519_key(jwk);
  }
  GH_ASSERT_NOT_REACHED();
}

bool fits(const EVP_PKEY& key, Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rs256:
    case Algorithm::ps256:
      return EVP_PKEY_is_a(&key, "RSA") && EVP_PKEY_get_bits(&key) >= rsa_bits_min;
    case Algorithm::es256: {
      std::array<char, 32> group{};
      return EVP_PKEY_is_a(&key, "EC") &&
             EVP_PKEY_get_group_name(&key, group.data(), group.size(), nullptr) == 1 &&
             std::string_view(group.data()) == "prime256v1";
    }
    case Algorithm::eddsa: return EVP_PKEY_is_a(&key, "ED25519");
  }
  GH_ASSERT_NOT_REACHED();
}

json::object parts_of(const EVP_PKEY& key, Algorithm algorithm) {
  json::object parts;
  if (algorithm == Algorithm::rs256 || algorithm == Algorithm::ps256) {
    parts["e"] = number_part(key, OSSL_PKEY_PARAM_RSA_E);
    parts["kty"] = "RSA";
    parts["n"] = number_part(key, OSSL_PKEY_PARAM_RSA_N);
    return parts;
  }
  if (algorithm == Algorithm::es256) {
    parts["crv"] = "P-256";
    parts["kty"] = "EC";
    parts["x"] = coordinate_part(key, OSSL_PKEY_PARAM_EC_PUB_X);
    parts["y"] = coordinate_part(key, OSSL_PKEY_PARAM_EC_PUB_Y);
    return parts;
  }
  std::string x(coordinate_size, '\0');
  std::size_t size = x.size();
  GH_ASSERT(EVP_PKEY_get_raw_public_key(&key, octets(x), &size) == 1);
  parts["crv"] = "Ed25519";
  parts["kty"] = "OKP";
  parts["x"] = to_base64url(x);
  return parts;
}

std::string thumbprint(const json::object& parts) {
  return to_base64url(to_bytes(sha256(json::serialize(parts))));
}

}  // namespace gatehouse::jose
