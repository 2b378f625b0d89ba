// SPDX-License-Identifier: Apache-2.0
//
// One connection to an LDAP directory.
//
// Thread:  one at a time; a pool thread, as every call waits for the directory.
// Error:   unavailable, when the directory does not answer in time, or not as it should.
// Source:  RFC 4511, RFC 2696; libldap.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "storage/users/ldap_settings.h"

struct ldap;

namespace gatehouse::keymanager {

// How long one operation may take; the whole of a login is bounded by who waits for it.
inline constexpr std::chrono::seconds ldap_operation_max{2};

struct LdapEntry {
  std::string dn;
  std::map<std::string, std::vector<std::string>> attributes;  // names as they were asked for

  // The first value, or empty.
  std::string value(const std::string& attribute) const;
};

class LdapConnection {
 public:
  // Connected, and under TLS where the settings say so; nobody is bound yet.
  static Result<std::unique_ptr<LdapConnection>> open(const storage::LdapSettings& settings);
  ~LdapConnection();
  LdapConnection(const LdapConnection&) = delete;
  LdapConnection& operator=(const LdapConnection&) = delete;

  // Whether the directory takes the password. An empty one is never sent: a directory would take it
  // for an anonymous bind.
  Result<bool> bind(const std::string& dn, const std::string& password);
  Result<> bind_anonymously();

  struct Question {
    std::string base;
    std::string filter;
    std::vector<std::string> attributes;
    int entries_max = 2;
    // Whether what does not come is not there: then an answer that may lack something is an error.
    bool conclusive = false;
  };
  // At most `entries_max`; more is no error. Many are asked for in pages (RFC 2696), as some
  // directories have limits of their own.
  Result<std::vector<LdapEntry>> search(const Question& question);

 private:
  explicit LdapConnection(::ldap* handle) : handle_(handle) {}

  Result<int> bind_code(const std::string& dn, const std::string& password);
  // One page; `cookie` is what the one before said, and empty after the last.
  Result<int> search_page(const Question& question, std::string& cookie,
                          std::vector<LdapEntry>& entries);

  ::ldap* const handle_;
};

}  // namespace gatehouse::keymanager
