// SPDX-License-Identifier: Apache-2.0
#include "jose/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "core/digest.h"
#include "core/pem_password.h"
#include "core/text.h"
#include "jose/openssl.h"
#include "jose/pem.h"

namespace gatehouse::jose {

namespace {

using Buffer = std::unique_ptr<BIO, Release<BIO_free>>;
using Parsed = std::unique_ptr<X509, Release<X509_free>>;

Buffer buffer_of(std::string_view bytes) {
  return Buffer(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

std::string text_in(BIO& buffer) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(&buffer, &bytes);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

Parsed parse(std::string_view bytes) {
  const Buffer buffer = buffer_of(bytes);
  Parsed parsed(bytes.find("-----BEGIN") != bytes.npos
                    ? PEM_read_bio_X509(buffer.get(), nullptr, no_pem_password, nullptr)
                    : d2i_X509_bio(buffer.get(), nullptr));
  ERR_clear_error();
  return parsed;
}

// The epoch for a time that is none.
Instant instant_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return from_ms(static_cast<std::int64_t>(timegm(&parts)) * 1000);
}

}  // namespace

Result<Certificate> read_certificate(std::string_view bytes) {
  if (bytes.size() > pem_bytes_max) {
    return fail(ErrorCode::invalid_argument, "The certificate is too large");
  }
  const Parsed parsed = parse(bytes);
  if (parsed == nullptr) {
    return fail(ErrorCode::invalid_argument, "This is no certificate in PEM or DER");
  }
  const Buffer der(BIO_new(BIO_s_mem()));
  const Buffer pem(BIO_new(BIO_s_mem()));
  if (i2d_X509_bio(der.get(), parsed.get()) != 1 ||
      PEM_write_bio_X509(pem.get(), parsed.get()) != 1) {
    return fail(ErrorCode::invalid_argument, "The certificate cannot be written again");
  }
  Certificate certificate;
  certificate.der = text_in(*der);
  certificate.pem = text_in(*pem);
  certificate.thumbprint = to_base64url(to_bytes(sha256(certificate.der)));
  certificate.subject = subject_of(*parsed);
  certificate.version = X509_get_version(parsed.get()) + 1;
  certificate.not_before = instant_of(X509_get0_notBefore(parsed.get()));
  certificate.not_after = instant_of(X509_get0_notAfter(parsed.get()));
  return certificate;
}

std::string subject_of(const x509_st& certificate) {
  const Buffer buffer(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(buffer.get(), X509_get_subject_name(&certificate), 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  return text_in(*buffer);
}

}  // namespace gatehouse::jose
