// SPDX-License-Identifier: Apache-2.0
#include "jose/key.h"

#include <openssl/core_names.h>
#include <openssl/x509.h>

#include <array>

#include "core/text.h"
#include "jose/key_parts.h"

namespace gatehouse::jose {

namespace {

constexpr std::size_t es256_half = 32;

// EdDSA hashes by itself.
const char* digest_name(Algorithm algorithm) {
  return algorithm == Algorithm::eddsa ? nullptr : "SHA256";
}

// RFC 7518, section 3.5: MGF1 with the same digest, and a salt as long as it.
struct Padding {
  std::string mode{OSSL_PKEY_RSA_PAD_MODE_PSS};
  int salt_size = 32;
  std::array<OSSL_PARAM, 3> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, mode.data(), 0),
      OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt_size),
      OSSL_PARAM_construct_end()};

  const OSSL_PARAM* of(Algorithm algorithm) const {
    return algorithm == Algorithm::ps256 ? parameters.data() : nullptr;
  }
};

// JWS writes an ES256 signature as r ‖ s; OpenSSL reads and writes DER. A DER signature handed in
// as JWS has another length than 64 bytes and ends here.
std::string der_from_raw(std::string_view raw) {
  if (raw.size() != 2 * es256_half) return {};
  const EcdsaSignature signature(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(octets(raw.substr(0, es256_half)), es256_half, nullptr);
  BIGNUM* s = BN_bin2bn(octets(raw.substr(es256_half)), es256_half, nullptr);
  GH_ASSERT(ECDSA_SIG_set0(signature.get(), r, s) == 1);
  unsigned char* bytes = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &bytes);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

std::string raw_from_der(std::string_view der) {
  const unsigned char* at = octets(der);
  const EcdsaSignature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  GH_ASSERT(signature != nullptr);
  std::string raw(2 * es256_half, '\0');
  const int half = static_cast<int>(es256_half);
  GH_ASSERT(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), octets(raw), half) == half);
  GH_ASSERT(BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), octets(raw) + half, half) == half);
  return raw;
}

Result<> check_use(const json::object& jwk) {
  const std::string use = text_or(jwk, "use", "sig");
  if (use != "sig") return fail(ErrorCode::invalid_argument, "The key is not for signatures");
  if (jwk.contains("d") || jwk.contains("k")) {
    return fail(ErrorCode::invalid_argument, "The key is secret and does not belong here");
  }
  if (const json::array* operations = array_at(jwk, "key_ops")) {
    for (const json::value& operation : *operations) {
      if (operation == json::value("verify")) return {};
    }
    return fail(ErrorCode::invalid_argument, "The key is not for verifying");
  }
  return {};
}

}  // namespace

struct PublicKey::State {
  Key key;
  Algorithm algorithm;
  std::string kid;
  json::object parts;
  // Made once: setting one up fetches the algorithm under a lock of OpenSSL; copying does not.
  DigestContext verifying{EVP_MD_CTX_new()};
  DigestContext signing{EVP_MD_CTX_new()};  // without effect in a public key

  static std::shared_ptr<State> make(Key key, Algorithm algorithm, std::string kid) {
    json::object parts = parts_of(*key, algorithm);
    if (kid.empty()) kid = jose::thumbprint(parts);
    auto state =
        std::make_shared<State>(State{std::move(key), algorithm, std::move(kid), std::move(parts)});
    const Padding padding;
    GH_ASSERT(EVP_DigestVerifyInit_ex(state->verifying.get(), nullptr, digest_name(algorithm),
                                      nullptr, nullptr, state->key.get(),
                                      padding.of(algorithm)) == 1);
    return state;
  }

  static std::shared_ptr<State> make_private(Key key, Algorithm algorithm) {
    std::shared_ptr<State> state = make(std::move(key), algorithm, "");
    const Padding padding;
    GH_ASSERT(EVP_DigestSignInit_ex(state->signing.get(), nullptr, digest_name(algorithm), nullptr,
                                    nullptr, state->key.get(), padding.of(algorithm)) == 1);
    return state;
  }
};

Result<PublicKey> PublicKey::from_jwk(const json::object& jwk) {
  GH_CHECK(check_use(jwk));
  GH_TRY(algorithm, algorithm_of(jwk));
  GH_TRY(key, key_from_parts(jwk, algorithm));
  return PublicKey(State::make(std::move(key), algorithm, text_or(jwk, "kid", "")));
}

Result<PublicKey> PublicKey::from_certificate(std::string_view text) {
  std::string base64;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.starts_with("-----")) base64 += line;
  }
  std::erase_if(base64, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
  GH_TRY(der, from_base64(base64));
  const unsigned char* at = octets(std::string_view(der));
  const std::unique_ptr<X509, Release<X509_free>> certificate(
      d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  Key key(certificate == nullptr ? nullptr : X509_get_pubkey(certificate.get()));
  for (const Algorithm algorithm : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
    if (key == nullptr || !fits(*key, algorithm)) continue;
    return PublicKey(State::make(std::move(key), algorithm, ""));
  }
  return fail(ErrorCode::invalid_argument, "The certificate has no key that is supported");
}

Algorithm PublicKey::algorithm() const { return state_->algorithm; }

const std::string& PublicKey::kid() const { return state_->kid; }

std::string PublicKey::thumbprint() const { return jose::thumbprint(state_->parts); }

json::object PublicKey::to_jwk() const {
  json::object jwk = state_->parts;
  jwk["kid"] = state_->kid;
  jwk["alg"] = to_text(state_->algorithm);
  jwk["use"] = "sig";
  return jwk;
}

bool PublicKey::verify(std::string_view message, std::string_view signature) const {
  std::string der;
  if (state_->algorithm == Algorithm::es256) {
    der = der_from_raw(signature);
    if (der.empty()) return false;
    signature = der;
  }
  const DigestContext context(EVP_MD_CTX_new());
  return context != nullptr && EVP_MD_CTX_copy_ex(context.get(), state_->verifying.get()) == 1 &&
         EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message),
                          message.size()) == 1;
}

Result<PrivateKey> PrivateKey::generate(Algorithm algorithm) {
  Key key;
  switch (algorithm) {
    case Algorithm::rs256:
    case Algorithm::ps256:
      key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{rsa_bits_min}));
      break;
    case Algorithm::es256: key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")); break;
    case Algorithm::eddsa: key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); break;
  }
  if (key == nullptr) return fail(ErrorCode::internal, "A key could not be made");
  return PrivateKey(PublicKey(PublicKey::State::make_private(std::move(key), algorithm)));
}

Result<PrivateKey> PrivateKey::from_pkcs8(std::string_view der, Algorithm algorithm) {
  const unsigned char* at = octets(der);
  Key key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
  if (key == nullptr || !fits(*key, algorithm)) {
    return fail(ErrorCode::invalid_argument, "Not a private key of the algorithm");
  }
  return PrivateKey(PublicKey(PublicKey::State::make_private(std::move(key), algorithm)));
}

std::string PrivateKey::to_pkcs8() const {
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, Release<PKCS8_PRIV_KEY_INFO_free>> info(
      EVP_PKEY2PKCS8(public_.state_->key.get()));
  GH_ASSERT(info != nullptr);
  unsigned char* bytes = nullptr;
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), &bytes);
  GH_ASSERT(size > 0);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_clear_free(bytes, static_cast<std::size_t>(size));
  return der;
}

Result<std::string> PrivateKey::sign(std::string_view message) const {
  const PublicKey::State& state = *public_.state_;
  const DigestContext context(EVP_MD_CTX_new());
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(state.key.get()));
  std::string signature(size, '\0');
  const bool done =
      context != nullptr && EVP_MD_CTX_copy_ex(context.get(), state.signing.get()) == 1 &&
      EVP_DigestSign(context.get(), octets(signature), &size, octets(message), message.size()) == 1;
  if (!done) return fail(ErrorCode::internal, "A signature could not be made");
  signature.resize(size);
  return state.algorithm == Algorithm::es256 ? raw_from_der(signature) : signature;
}

}  // namespace gatehouse::jose
