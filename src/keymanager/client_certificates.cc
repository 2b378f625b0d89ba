// SPDX-License-Identifier: Apache-2.0
#include "keymanager/client_certificates.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>

#include "core/digest.h"
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

using Certificate = std::unique_ptr<X509, Release<X509_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>>;

Certificate certificate_from(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return Certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

std::string text_of(const ASN1_STRING& string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(&string)),
          static_cast<std::size_t>(ASN1_STRING_length(&string))};
}

// The address in its octets, as certificates hold it.
std::string octets_of(std::string_view address) {
  const std::unique_ptr<ASN1_OCTET_STRING, Release<ASN1_OCTET_STRING_free>> octets(
      a2i_IPADDRESS(std::string(address).c_str()));
  return octets == nullptr ? std::string() : text_of(*octets);
}

bool has_name(X509& certificate, int type, const std::string& wanted) {
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr || wanted.empty()) return false;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != type) continue;
    int found = 0;
    const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &found));
    const std::string text = text_of(*value);
    if (type == GEN_DNS ? equals_ignoring_case(text, wanted) : text == wanted) return true;
  }
  return false;
}

struct Subject {
  std::string_view member;
  int type;  // of an alternative name
};

constexpr int distinguished_name = -1;
constexpr std::array subjects{
    Subject{"tls_client_auth_subject_dn", distinguished_name},
    Subject{"tls_client_auth_san_dns", GEN_DNS},
    Subject{"tls_client_auth_san_uri", GEN_URI},
    Subject{"tls_client_auth_san_ip", GEN_IPADD},
    Subject{"tls_client_auth_san_email", GEN_EMAIL},
};

// RFC 8705, section 2.1.2: exactly one of them is registered.
bool is_for(X509& certificate, const json::object& document) {
  const Subject* registered = nullptr;
  for (const Subject& subject : subjects) {
    if (text_or(document, subject.member, "").empty()) continue;
    if (registered != nullptr) return false;
    registered = &subject;
  }
  if (registered == nullptr) return false;
  const std::string wanted = text_or(document, registered->member, "");
  if (registered->type == distinguished_name) return jose::subject_of(certificate) == wanted;
  return has_name(certificate, registered->type,
                  registered->type == GEN_IPADD ? octets_of(wanted) : wanted);
}

}  // namespace

Result<> ClientCertificates::trust(const std::string& authorities_file) {
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), X509_STORE_free);
  if (X509_STORE_load_file(store.get(), authorities_file.c_str()) != 1) {
    return fail(ErrorCode::invalid_argument, "Cannot use the authorities in " + authorities_file);
  }
  store_ = std::move(store);
  return {};
}

bool ClientCertificates::is_of(const storage::Client& client, std::string_view certificate) const {
  if (store_ == nullptr || certificate.empty()) return false;
  const Certificate shown = certificate_from(certificate);
  if (shown == nullptr) return false;
  const StoreContext context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), store_.get(), shown.get(), nullptr) != 1) return false;
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_CLIENT);
  X509_STORE_CTX_set_time(context.get(), 0, static_cast<time_t>(to_ms(clock_.now()) / 1000));
  return X509_verify_cert(context.get()) == 1 && is_for(*shown, client.document);
}

}  // namespace gatehouse::keymanager
