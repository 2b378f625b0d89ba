// SPDX-License-Identifier: Apache-2.0
//
// What an X.509 certificate says of itself. Whether it is trusted is not asked here.
//
// Thread:  pure functions.
// Source:  RFC 5280, RFC 7468; thumbprints as RFC 8705, section 3.1, has them.
#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"

struct x509_st;

namespace gatehouse::jose {

struct Certificate {
  std::string der;
  std::string pem;         // this certificate alone
  std::string thumbprint;  // SHA-256 of `der`, base64url: cnf.x5t#S256
  std::string subject;     // RFC 4514
  std::int64_t version = 3;
  Instant not_before{};
  Instant not_after{};

  bool holds_at(Instant now) const { return not_before <= now && now < not_after; }
};

// The certificate of `bytes`: DER, or the first block of PEM.
// Error: invalid_argument.
Result<Certificate> read_certificate(std::string_view bytes);

// The subject's distinguished name as RFC 4514 writes it.
std::string subject_of(const x509_st& certificate);

}  // namespace gatehouse::jose
