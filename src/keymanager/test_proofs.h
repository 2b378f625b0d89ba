// SPDX-License-Identifier: Apache-2.0
//
// What clients sign, for tests: DPoP proofs, client assertions, and certificates of their own.
//
// Thread:  one.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "core/digest.h"
#include "core/text.h"
#include "jose/jwt.h"

namespace gatehouse::keymanager {

// A token with any header, signed by `key`.
inline std::string signed_token(const jose::PrivateKey& key, json::object header,
                                const json::object& claims) {
  header["alg"] = jose::to_text(key.public_key().algorithm());
  const std::string text =
      to_base64url(json::serialize(header)) + '.' + to_base64url(json::serialize(claims));
  return text + '.' + to_base64url(*key.sign(text));
}

struct ProofRequest {
  std::string method = "POST";
  std::string url = "https://localhost:9443/oauth2/token";
  std::string jti = "1";
  Instant at{};
  std::string access_token{};
  std::string nonce{};
};

inline std::string dpop_proof(const jose::PrivateKey& key, const ProofRequest& request) {
  json::object claims{{"jti", request.jti},
                      {"htm", request.method},
                      {"htu", request.url},
                      {"iat", to_ms(request.at) / 1000}};
  if (!request.access_token.empty()) {
    claims["ath"] = to_base64url(to_bytes(sha256(request.access_token)));
  }
  if (!request.nonce.empty()) claims["nonce"] = request.nonce;
  return signed_token(key, {{"typ", "dpop+jwt"}, {"jwk", key.public_key().to_jwk()}}, claims);
}

inline json::object key_set_of(const jose::PrivateKey& key) {
  jose::KeySet keys;
  keys.add(key.public_key());
  return keys.to_json();
}

// DER of a certificate of `own` for CN=`name` that signs itself, valid from `from` for a day.
inline std::string certificate_of(const jose::PrivateKey& own, const std::string& name,
                                  Instant from) {
  const std::string pkcs8 = own.to_pkcs8();
  const auto* at = reinterpret_cast<const unsigned char*>(pkcs8.data());
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8.size())), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), X509_free);
  X509* certificate = made.get();
  auto seconds = static_cast<time_t>(to_ms(from) / 1000);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_time_adj_ex(X509_getm_notBefore(certificate), 0, 0, &seconds);
  X509_time_adj_ex(X509_getm_notAfter(certificate), 1, 0, &seconds);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, subject);
  X509_set_pubkey(certificate, key.get());
  GH_ASSERT(X509_sign(certificate, key.get(), EVP_sha256()) > 0);
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

inline std::string self_signed_certificate(const std::string& name, Instant from) {
  return certificate_of(*jose::PrivateKey::generate(jose::Algorithm::es256), name, from);
}

inline std::string pem_of(const std::string& der) {
  return "-----BEGIN CERTIFICATE-----\n" + to_base64(der) + "\n-----END CERTIFICATE-----\n";
}

}  // namespace gatehouse::keymanager
