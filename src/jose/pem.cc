// SPDX-License-Identifier: Apache-2.0
#include "jose/pem.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <optional>

#include "core/pem_password.h"
#include "jose/key_parts.h"
#include "jose/openssl.h"

namespace gatehouse::jose {

namespace {

using Bytes = std::unique_ptr<BIO, Release<BIO_free>>;
using Certificate = std::unique_ptr<X509, Release<X509_free>>;

Key key_from(std::string_view pem) {
  const Bytes bytes(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (pem.find("CERTIFICATE") == std::string_view::npos) {
    return Key(PEM_read_bio_PUBKEY(bytes.get(), nullptr, no_pem_password, nullptr));
  }
  const Certificate certificate(PEM_read_bio_X509(bytes.get(), nullptr, no_pem_password, nullptr));
  return certificate == nullptr ? nullptr : Key(X509_get_pubkey(certificate.get()));
}

}  // namespace

Result<json::object> jwk_from_pem(std::string_view pem) {
  if (pem.size() > pem_bytes_max) {
    return fail(ErrorCode::invalid_argument, "The PEM text is too long");
  }
  const Key key = key_from(pem);
  if (key == nullptr) {
    return fail(ErrorCode::invalid_argument, "There is no certificate and no public key in PEM");
  }
  for (const Algorithm algorithm : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
    if (fits(*key, algorithm)) return parts_of(*key, algorithm);
  }
  return fail(ErrorCode::invalid_argument, "The key is of a type that is not supported");
}

}  // namespace gatehouse::jose
