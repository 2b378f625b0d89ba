// SPDX-License-Identifier: Apache-2.0
//
// Whether the certificate of a connection is a client's: issued by an authority that we trust for a
// subject that the client registered.
//
// Thread:  immutable once opened; any.
// Cost:    with an authority one verification of a chain.
// Source:  RFC 8705, section 2.1. A certificate that an authority did not issue directly
//          needs the one between them in the same file.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "storage/apis/client_store.h"

struct x509_store_st;

namespace gatehouse::keymanager {

class ClientCertificates {
 public:
  explicit ClientCertificates(const Clock& clock) : clock_(clock) {}

  // PEM. Error: invalid_argument, when the file cannot be used.
  Result<> trust(const std::string& authorities_file);
  bool trusts_somebody() const { return store_ != nullptr; }

  // `tls_client_auth`: the chain holds now, and the one registered subject is the certificate's:
  // its distinguished name as RFC 4514 writes it, or a name among its alternative ones.
  bool is_of(const storage::Client& client, std::string_view certificate) const;

 private:
  const Clock& clock_;
  std::shared_ptr<x509_store_st> store_;
};

}  // namespace gatehouse::keymanager
