// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "net/address.h"
#include "net/tls.h"

namespace gatehouse::net {

namespace {

template <auto function>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    function(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

constexpr long valid_seconds = 3650L * 24 * 3600;

void add_name(GENERAL_NAMES* names, const std::string& name) {
  GENERAL_NAME* entry = GENERAL_NAME_new();
  if (Address::parse(name)) {
    GENERAL_NAME_set0_value(entry, GEN_IPADD, a2i_IPADDRESS(name.c_str()));
  } else {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
    GENERAL_NAME_set0_value(entry, GEN_DNS, text);
  }
  sk_GENERAL_NAME_push(names, entry);
}

void add_extension(X509* certificate, int kind, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
  GH_ASSERT(extension);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void set_serial(X509* certificate) {
  unsigned char serial[16];
  GH_ASSERT(RAND_bytes(serial, sizeof serial) == 1);
  serial[0] &= 0x7f;  // a serial number is positive (RFC 5280, section 4.1.2.2)
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
}

Certificate certify(EVP_PKEY* key, const std::string& hostname) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  set_serial(certificate.get());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);  // clocks differ
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), valid_seconds);
  X509_set_pubkey(certificate.get(), key);

  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(hostname.data()),
                             static_cast<int>(std::min<std::size_t>(hostname.size(), 64)), -1, 0);
  X509_set_issuer_name(certificate.get(), subject);

  const Names names(GENERAL_NAMES_new());
  add_name(names.get(), "localhost");
  if (hostname != "localhost") add_name(names.get(), hostname);
  add_name(names.get(), "127.0.0.1");
  add_name(names.get(), "::1");
  X509_add1_ext_i2d(certificate.get(), NID_subject_alt_name, names.get(), 0, 0);
  add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(certificate.get(), NID_key_usage, "critical,digitalSignature,keyCertSign");
  add_extension(certificate.get(), NID_ext_key_usage, "serverAuth,clientAuth");
  GH_ASSERT(X509_sign(certificate.get(), key, EVP_sha256()) > 0);
  return certificate;
}

std::string contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

tl::unexpected<Error> cannot_write(const std::string& path) {
  return fail(ErrorCode::unavailable, "Cannot write " + path, std::strerror(errno));
}

// Through a second file, so that a reader finds the whole file or the one before.
Result<> replace(const std::string& path, const std::string& text, mode_t mode) {
  const std::string draft = path + ".tmp";
  ::unlink(draft.c_str());
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return cannot_write(draft);
  const ssize_t written = ::write(file, text.data(), text.size());
  const bool whole = written == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  ::close(file);
  if (!whole || std::rename(draft.c_str(), path.c_str()) != 0) return cannot_write(path);
  return {};
}

}  // namespace

Result<> make_self_signed(const CertificateFiles& files, const std::string& hostname) {
  const Key key(EVP_EC_gen("P-256"));
  GH_ASSERT(key);
  const Certificate certificate = certify(key.get(), hostname);
  const Bio key_text(BIO_new(BIO_s_mem()));
  const Bio certificate_text(BIO_new(BIO_s_mem()));
  GH_ASSERT(PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                     nullptr) == 1);
  GH_ASSERT(PEM_write_bio_X509(certificate_text.get(), certificate.get()) == 1);
  GH_CHECK(replace(files.key, contents(key_text.get()), 0600));
  return replace(files.certificate, contents(certificate_text.get()), 0644);
}

}  // namespace gatehouse::net
