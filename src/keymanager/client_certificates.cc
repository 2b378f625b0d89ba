// SPDX-License-Identifier: Apache-2.0
#include "keymanager/client_certificates.h"

#include <openssl/x509v3.h>

#include <array>

#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

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
bool is_for(const Certificate& certificate, const json::object& document) {
  const Subject* registered = nullptr;
  for (const Subject& subject : subjects) {
    if (text_or(document, subject.member, "").empty()) continue;
    if (registered != nullptr) return false;
    registered = &subject;
  }
  if (registered == nullptr) return false;
  const std::string wanted = text_or(document, registered->member, "");
  if (registered->type == distinguished_name) return certificate.subject() == wanted;
  return certificate.has_name(registered->type, wanted);
}

}  // namespace

Result<> ClientCertificates::trust(const std::string& authorities_file) {
  GH_TRY(authorities, Authorities::open({.certificates = authorities_file}));
  authorities_ = std::move(authorities);
  return {};
}

bool ClientCertificates::is_of(const storage::Client& client, std::string_view certificate) const {
  if (!authorities_) return false;
  const auto shown = authorities_->believe(certificate, clock_.now());
  return shown && is_for(**shown, client.document);
}

}  // namespace gatehouse::keymanager
