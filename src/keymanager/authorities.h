// SPDX-License-Identifier: Apache-2.0
//
// Authorities whose certificates are believed, and what a believed certificate says.
//
//   GH_TRY(authorities, Authorities::open({.certificates = "ca.pem"}));
//   GH_TRY(shown, authorities.believe(der, clock.now()));
//   if (shown.has_name(GEN_DNS, "gw-1.example")) ...
//
// Thread:  immutable once opened; any.
// Cost:    believe() verifies each signature of the chain, which takes some 100 microseconds.
// Source:  RFC 5280, section 6; a certificate that an authority did not issue directly needs the
//          one between them in the same file.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"

struct x509_st;
struct x509_store_st;

namespace gatehouse::keymanager {

// A certificate that has been parsed.
class Certificate {
 public:
  // Null when these bytes (DER) are none.
  static std::unique_ptr<Certificate> parse(std::string_view der);
  explicit Certificate(x509_st* owned) : certificate_(owned) {}
  ~Certificate();
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  x509_st* get() const { return certificate_; }
  // The distinguished name as RFC 4514 writes it.
  std::string subject() const;
  // After this moment it holds no more.
  Instant expires() const;
  // Its alternative names that are DNS names.
  std::vector<std::string> dns_names() const;
  // Among the alternative names; `type` is OpenSSL's GEN_*. An address is given as text.
  bool has_name(int type, const std::string& wanted) const;

 private:
  x509_st* const certificate_;
};

class Authorities {
 public:
  struct Files {
    std::string certificates;   // PEM
    std::string revocations{};  // PEM with a list of each authority; empty: nothing is revoked
  };

  // Error: invalid_argument, naming the file that cannot be used.
  static Result<Authorities> open(const Files& files);

  // The certificate (DER) of a client, whose chain holds at `now`.
  // Error: unauthenticated; the detail says why it does not.
  Result<std::unique_ptr<Certificate>> believe(std::string_view der, Instant now) const;

 private:
  explicit Authorities(std::shared_ptr<x509_store_st> store) : store_(std::move(store)) {}

  std::shared_ptr<x509_store_st> store_;
};

}  // namespace gatehouse::keymanager
