// SPDX-License-Identifier: Apache-2.0
//
// Whether the certificate of a connection is a client's: issued by an authority that we trust for a
// subject that the client registered.
//
// Thread:  immutable once opened; any.
// Cost:    with an authority one verification of a chain.
// Source:  RFC 8705, section 2.1.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "keymanager/authorities.h"
#include "storage/apis/client_store.h"

namespace gatehouse::keymanager {

class ClientCertificates {
 public:
  explicit ClientCertificates(const Clock& clock) : clock_(clock) {}

  // PEM. Error: invalid_argument, when the file cannot be used.
  Result<> trust(const std::string& authorities_file);
  bool trusts_somebody() const { return authorities_.has_value(); }

  // `tls_client_auth`: the chain holds now, and the one registered subject is the certificate's:
  // its distinguished name as RFC 4514 writes it, or a name among its alternative ones.
  bool is_of(const storage::Client& client, std::string_view certificate) const;

 private:
  const Clock& clock_;
  std::optional<Authorities> authorities_;
};

}  // namespace gatehouse::keymanager
