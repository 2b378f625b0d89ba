// SPDX-License-Identifier: Apache-2.0
#include "keymanager/ldap_connection.h"

#include <ldap.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

constexpr int page_size = 100;
// A directory may send fewer entries than a page holds, but it comes to an end.
constexpr int pages_max = 64;

timeval patience() { return {.tv_sec = ldap_operation_max.count(), .tv_usec = 0}; }

tl::unexpected<Error> away(const char* what, int code) {
  return fail(ErrorCode::unavailable, "The directory does not answer",
              fmt::format("{}: {}", what, ldap_err2string(code)));
}

// libldap reads certificates from a file alone; this one is in memory.
class CertificateFile {
 public:
  explicit CertificateFile(const std::string& pem) : file_(::memfd_create("ldap-ca", MFD_CLOEXEC)) {
    if (file_ < 0) return;
    whole_ = ::write(file_, pem.data(), pem.size()) == static_cast<ssize_t>(pem.size());
  }
  CertificateFile(const CertificateFile&) = delete;
  CertificateFile& operator=(const CertificateFile&) = delete;
  ~CertificateFile() {
    if (file_ >= 0) ::close(file_);
  }

  bool good() const { return file_ >= 0 && whole_; }
  std::string path() const { return fmt::format("/proc/self/fd/{}", file_); }

 private:
  const int file_;
  bool whole_ = false;
};

Result<> use_tls(::ldap* handle, const storage::LdapSettings& settings) {
  const int demand = LDAP_OPT_X_TLS_DEMAND;
  const int client = 0;
  ldap_set_option(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
  const CertificateFile file(settings.ca_certificates);
  if (!settings.ca_certificates.empty()) {
    if (!file.good()) return fail(ErrorCode::internal, "The certificates cannot be read");
    ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, file.path().c_str());
  }
  const int code = ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &client);
  if (code != LDAP_SUCCESS) return away("certificates", code);
  if (!settings.start_tls) return {};
  const int started = ldap_start_tls_s(handle, nullptr, nullptr);
  if (started != LDAP_SUCCESS) return away("StartTLS", started);
  return {};
}

struct FreeMessage {
  void operator()(LDAPMessage* message) const { ldap_msgfree(message); }
};
using Message = std::unique_ptr<LDAPMessage, FreeMessage>;

LdapEntry entry_from(::ldap* handle, LDAPMessage* message,
                     const std::vector<std::string>& attributes) {
  LdapEntry entry;
  if (char* dn = ldap_get_dn(handle, message)) {
    entry.dn = dn;
    ldap_memfree(dn);
  }
  for (const std::string& name : attributes) {
    berval** values = ldap_get_values_len(handle, message, name.c_str());
    for (int i = 0; values != nullptr && values[i] != nullptr; ++i) {
      entry.attributes[name].emplace_back(values[i]->bv_val, values[i]->bv_len);
    }
    ldap_value_free_len(values);
  }
  return entry;
}

// Where the page after this one begins; empty, when this is the last.
std::string next_page(::ldap* handle, LDAPMessage* message) {
  int code = LDAP_OTHER;
  LDAPControl** controls = nullptr;
  const int parsed =
      ldap_parse_result(handle, message, &code, nullptr, nullptr, nullptr, &controls, 0);
  if (parsed != LDAP_SUCCESS || controls == nullptr) return "";
  std::string cookie;
  LDAPControl* page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, nullptr);
  ber_int_t estimate = 0;
  berval mark{};
  if (page != nullptr &&
      ldap_parse_pageresponse_control(handle, page, &estimate, &mark) == LDAP_SUCCESS) {
    cookie.assign(mark.bv_val == nullptr ? "" : mark.bv_val, mark.bv_len);
    ldap_memfree(mark.bv_val);
  }
  ldap_controls_free(controls);
  return cookie;
}

// The directory is there and says no; everything else says nothing about the password.
bool is_refusal(int code) {
  switch (code) {
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INAPPROPRIATE_AUTH:
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_NO_SUCH_OBJECT:
    case LDAP_CONSTRAINT_VIOLATION:
    case LDAP_UNWILLING_TO_PERFORM: return true;
    default: return false;
  }
}

}  // namespace

std::string LdapEntry::value(const std::string& attribute) const {
  const auto found = attributes.find(attribute);
  return found == attributes.end() || found->second.empty() ? "" : found->second.front();
}

Result<std::unique_ptr<LdapConnection>> LdapConnection::open(
    const storage::LdapSettings& settings) {
  ::ldap* handle = nullptr;
  const int made = ldap_initialize(&handle, join(settings.urls, " ").c_str());
  if (made != LDAP_SUCCESS) return away("URL", made);
  std::unique_ptr<LdapConnection> connection(new LdapConnection(handle));
  const int version = LDAP_VERSION3;
  const timeval limit = patience();
  ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version);
  ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &limit);
  ldap_set_option(handle, LDAP_OPT_TIMEOUT, &limit);
  // A directory does not send us, with a password, to a place of its choice.
  ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  ldap_set_option(handle, LDAP_OPT_RESTART, LDAP_OPT_ON);
  GH_CHECK(use_tls(handle, settings));
  return connection;
}

LdapConnection::~LdapConnection() { ldap_unbind_ext_s(handle_, nullptr, nullptr); }

Result<int> LdapConnection::bind_code(const std::string& dn, const std::string& password) {
  std::string secret = password;
  berval credentials{.bv_len = secret.size(), .bv_val = secret.data()};
  int id = 0;
  const int sent =
      ldap_sasl_bind(handle_, dn.c_str(), LDAP_SASL_SIMPLE, &credentials, nullptr, nullptr, &id);
  if (sent != LDAP_SUCCESS) return away("bind", sent);
  timeval limit = patience();
  LDAPMessage* raw = nullptr;
  const int answered = ldap_result(handle_, id, LDAP_MSG_ALL, &limit, &raw);
  const Message message(raw);
  if (answered <= 0) return away("bind", answered == 0 ? LDAP_TIMEOUT : LDAP_SERVER_DOWN);
  int code = LDAP_OTHER;
  ldap_parse_result(handle_, raw, &code, nullptr, nullptr, nullptr, nullptr, 0);
  return code;
}

Result<bool> LdapConnection::bind(const std::string& dn, const std::string& password) {
  if (password.empty() || dn.empty()) return false;
  GH_TRY(code, bind_code(dn, password));
  if (code == LDAP_SUCCESS) return true;
  if (is_refusal(code)) return false;
  return away("bind", code);
}

Result<> LdapConnection::bind_anonymously() {
  GH_TRY(code, bind_code("", ""));
  if (code != LDAP_SUCCESS) return away("anonymous bind", code);
  return {};
}

Result<std::vector<LdapEntry>> LdapConnection::search(const Question& question) {
  std::vector<LdapEntry> entries;
  std::string cookie;
  const auto enough = static_cast<std::size_t>(question.entries_max);
  int pages = 0;
  do {
    if (++pages > pages_max) return away("pages", LDAP_SIZELIMIT_EXCEEDED);
    GH_TRY(code, search_page(question, cookie, entries));
    const bool partial = code == LDAP_SIZELIMIT_EXCEEDED || code == LDAP_NO_SUCH_OBJECT;
    if (code != LDAP_SUCCESS && (!partial || question.conclusive)) return away("search", code);
    if (partial) break;
  } while (!cookie.empty() && entries.size() < enough);
  if (question.conclusive && !cookie.empty()) return away("search", LDAP_SIZELIMIT_EXCEEDED);
  if (entries.size() > enough) entries.resize(enough);
  return entries;
}

Result<int> LdapConnection::search_page(const Question& question, std::string& cookie,
                                        std::vector<LdapEntry>& entries) {
  std::vector<std::string> names = question.attributes;
  std::vector<char*> attributes;
  for (std::string& name : names) attributes.push_back(name.data());
  attributes.push_back(nullptr);
  const bool paged = question.entries_max >= page_size;
  LDAPControl* page = nullptr;
  berval mark{.bv_len = cookie.size(), .bv_val = cookie.data()};
  // Not critical: a directory without pages answers as it can.
  if (paged) ldap_create_page_control(handle_, page_size, &mark, 0, &page);
  LDAPControl* controls[] = {page, nullptr};
  timeval limit = patience();
  LDAPMessage* raw = nullptr;
  const int code =
      ldap_search_ext_s(handle_, question.base.c_str(), LDAP_SCOPE_SUBTREE, question.filter.c_str(),
                        attributes.data(), 0, paged ? controls : nullptr, nullptr, &limit,
                        paged ? 0 : question.entries_max, &raw);
  const Message message(raw);
  if (page != nullptr) ldap_control_free(page);
  cookie.clear();
  if (raw == nullptr) return code;  // nothing came
  for (LDAPMessage* entry = ldap_first_entry(handle_, raw); entry != nullptr;
       entry = ldap_next_entry(handle_, entry)) {
    entries.push_back(entry_from(handle_, entry, question.attributes));
  }
  if (paged) cookie = next_page(handle_, raw);
  return code;
}

}  // namespace gatehouse::keymanager
