// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorities.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "core/text.h"
#include "jose/certificate.h"

namespace gatehouse::keymanager {

namespace {

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};

using Names = std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>>;

std::string text_of(const ASN1_STRING& string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(&string)),
          static_cast<std::size_t>(ASN1_STRING_length(&string))};
}

// The address in its octets, as certificates hold it.
std::string octets_of(const std::string& address) {
  const std::unique_ptr<ASN1_OCTET_STRING, Release<ASN1_OCTET_STRING_free>> octets(
      a2i_IPADDRESS(address.c_str()));
  return octets == nullptr ? std::string() : text_of(*octets);
}

std::vector<std::string> names_of(const X509& certificate, int type) {
  std::vector<std::string> all;
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {  // none: -1
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != type) continue;
    int found = 0;
    all.push_back(text_of(*static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &found))));
  }
  return all;
}

}  // namespace

std::unique_ptr<Certificate> Certificate::parse(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  X509* certificate = d2i_X509(nullptr, &at, static_cast<long>(der.size()));
  return certificate == nullptr ? nullptr : std::make_unique<Certificate>(certificate);
}

Certificate::~Certificate() { X509_free(certificate_); }

std::string Certificate::subject() const { return jose::subject_of(*certificate_); }

Instant Certificate::expires() const {
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate_), &time) != 1) return {};
  return Instant(std::chrono::seconds(::timegm(&time)));
}

std::vector<std::string> Certificate::dns_names() const { return names_of(*certificate_, GEN_DNS); }

bool Certificate::has_name(int type, const std::string& wanted) const {
  const std::string value = type == GEN_IPADD ? octets_of(wanted) : wanted;
  if (value.empty()) return false;
  const std::vector<std::string> names = names_of(*certificate_, type);
  return std::ranges::any_of(names, [&](const std::string& name) {
    return type == GEN_DNS ? equals_ignoring_case(name, value) : name == value;
  });
}

Result<Authorities> Authorities::open(const Files& files) {
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), X509_STORE_free);
  if (X509_STORE_load_file(store.get(), files.certificates.c_str()) != 1) {
    return fail(ErrorCode::invalid_argument, "Cannot use the authorities in " + files.certificates);
  }
  if (!files.revocations.empty()) {
    X509_LOOKUP* lookup = X509_STORE_add_lookup(store.get(), X509_LOOKUP_file());
    if (X509_load_crl_file(lookup, files.revocations.c_str(), X509_FILETYPE_PEM) < 1) {
      return fail(ErrorCode::invalid_argument,
                  "Cannot use the revocation lists in " + files.revocations);
    }
    X509_STORE_set_flags(store.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  }
  return Authorities(std::move(store));
}

Result<std::unique_ptr<Certificate>> Authorities::believe(std::string_view der, Instant now) const {
  const auto refuse = [](std::string reason) {
    return fail(ErrorCode::unauthenticated, "The certificate is not trusted", std::move(reason));
  };
  std::unique_ptr<Certificate> shown = Certificate::parse(der);
  if (shown == nullptr) return refuse("these bytes are no certificate");
  const StoreContext context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), store_.get(), shown->get(), nullptr) != 1) {
    return refuse("no memory");
  }
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_CLIENT);
  X509_STORE_CTX_set_time(context.get(), 0, static_cast<time_t>(to_ms(now) / 1000));
  if (X509_verify_cert(context.get()) != 1) {
    return refuse(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
  }
  return shown;
}

}  // namespace gatehouse::keymanager
