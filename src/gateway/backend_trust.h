// SPDX-License-Identifier: Apache-2.0
//
// Whom APIs trust at their backends: whoever the gateway trusts everywhere, and certificates
// besides. APIs that trust the same share one TLS context, and with it the connections that are
// kept.
//
// Thread:  the one that makes snapshots.
// Memory:  one context for each set of certificates that an API of a living snapshot trusts.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "net/tls.h"

namespace gatehouse::gateway {

using TlsTrust = std::shared_ptr<const net::TlsClient>;

class BackendTrust {
 public:
  // `everywhere` may be null: then nobody is trusted, whatever certificates there are.
  explicit BackendTrust(TlsTrust everywhere) : everywhere_(std::move(everywhere)) {}
  BackendTrust(const BackendTrust&) = delete;
  BackendTrust& operator=(const BackendTrust&) = delete;

  const TlsTrust& everywhere() const { return everywhere_; }
  // These are trusted, too: PEM, each one certificate, in any order.
  // Error: invalid_argument, when one cannot be read.
  Result<TlsTrust> with(std::vector<std::string> certificates);

 private:
  void forget_unused();

  const TlsTrust everywhere_;
  std::map<std::string, std::weak_ptr<const net::TlsClient>> made_;  // by the set's digest
  std::size_t looked_over_at_ = 64;                                  // entries
};

}  // namespace gatehouse::gateway
