// SPDX-License-Identifier: Apache-2.0
//
// An authority that issues certificates to nodes and takes them back, for tests.
//
//   TestAuthority authority("cluster", clock.now());
//   const std::string der = authority.issue({.name = "gw-1.example"});
//   authority.revoke(der);
//   authority.write(folder);  // ca.pem, revoked.pem
//
// Thread:  one.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"

namespace gatehouse::keymanager {

class TestAuthority {
 public:
  struct Wish {
    std::string name{};  // a DNS name; empty: none
    std::chrono::hours begins{0};
    std::chrono::hours lasts{24};
    std::string usage = "clientAuth";
  };

  TestAuthority(const std::string& name, Instant now) : now_(now), key_(EVP_EC_gen("P-256")) {
    certificate_.reset(begin(name, *key_, {.lasts = std::chrono::hours(24 * 365)}));
    X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
    extend(*certificate_, NID_basic_constraints, "critical,CA:TRUE");
    extend(*certificate_, NID_key_usage, "critical,keyCertSign,cRLSign");
    GH_ASSERT(X509_sign(certificate_.get(), key_.get(), EVP_sha256()) > 0);
  }

  // DER.
  std::string issue(const Wish& wish) {
    const Key own(EVP_EC_gen("P-256"));
    const Held made(begin(wish.name.empty() ? "nobody" : wish.name, *own, wish));
    X509_set_issuer_name(made.get(), X509_get_subject_name(certificate_.get()));
    if (!wish.name.empty()) extend(*made, NID_subject_alt_name, ("DNS:" + wish.name).c_str());
    extend(*made, NID_ext_key_usage, wish.usage.c_str());
    GH_ASSERT(X509_sign(made.get(), key_.get(), EVP_sha256()) > 0);
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(made.get(), &bytes);
    std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return der;
  }

  void revoke(const std::string& der) { revoked_.push_back(der); }

  // The files ca.pem and revoked.pem; the list is good for a week.
  void write(const std::filesystem::path& folder) const {
    const Bio ca(BIO_new_file((folder / "ca.pem").c_str(), "w"));
    GH_ASSERT(PEM_write_bio_X509(ca.get(), certificate_.get()) == 1);
    const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), X509_CRL_free);
    X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate_.get()));
    const Time last(at(std::chrono::hours(-1)), ASN1_TIME_free);
    const Time next(at(std::chrono::hours(24 * 7)), ASN1_TIME_free);
    X509_CRL_set1_lastUpdate(list.get(), last.get());
    X509_CRL_set1_nextUpdate(list.get(), next.get());
    for (const std::string& der : revoked_) {
      const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
      const Held certificate(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
      X509_REVOKED* entry = X509_REVOKED_new();
      X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.get()));
      X509_REVOKED_set_revocationDate(entry, last.get());
      X509_CRL_add0_revoked(list.get(), entry);
    }
    X509_CRL_sort(list.get());
    GH_ASSERT(X509_CRL_sign(list.get(), key_.get(), EVP_sha256()) > 0);
    const Bio revoked(BIO_new_file((folder / "revoked.pem").c_str(), "w"));
    GH_ASSERT(PEM_write_bio_X509_CRL(revoked.get(), list.get()) == 1);
  }

 private:
  template <auto release>
  struct Release {
    template <typename T>
    void operator()(T* object) const {
      release(object);
    }
  };
  using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
  using Held = std::unique_ptr<X509, Release<X509_free>>;
  using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;
  using Time = std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)>;

  ASN1_TIME* at(std::chrono::hours hours) const {
    return ASN1_TIME_set(nullptr, static_cast<time_t>(to_ms(now_ + hours) / 1000));
  }

  static void extend(X509& certificate, int kind, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
    GH_ASSERT(extension != nullptr);
    X509_add_ext(&certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  X509* begin(const std::string& name, EVP_PKEY& key, const Wish& wish) {
    X509* certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial_);
    const Time first(at(wish.begins), ASN1_TIME_free);
    const Time last(at(wish.begins + wish.lasts), ASN1_TIME_free);
    X509_set1_notBefore(certificate, first.get());
    X509_set1_notAfter(certificate, last.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_pubkey(certificate, &key);
    return certificate;
  }

  const Instant now_;
  const Key key_;
  Held certificate_;
  long serial_ = 0;
  std::vector<std::string> revoked_;
};

}  // namespace gatehouse::keymanager
