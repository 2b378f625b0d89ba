// SPDX-License-Identifier: Apache-2.0
//
// The keys that sign our tokens: made at the first start, rotated on demand, sealed at rest.
//
// A new key is published at once and signs an hour later, when every gateway knows it. The one
// before it stays published until its last token has expired.
//
// Thread:  start, reload, rotate: any that may block. current: any; what it returns is immutable.
#pragma once

#include <memory>
#include <string>

#include "jose/jwt.h"
#include "keymanager/options.h"
#include "storage/apis/signing_key_store.h"

namespace gatehouse::keymanager {

// What is signed with and what is published, at one time.
struct KeyRing {
  jose::PrivateKey signer;
  jose::KeySet published;
};

class SigningKeys {
 public:
  static constexpr std::chrono::hours head_start{1};

  SigningKeys(storage::Database& apis, const Clock& clock, Random& random,
              const jose::Sealer& sealer, jose::Algorithm algorithm);

  // Makes the first key where there is none, and reads what is there.
  // Error: internal, when a key cannot be opened: the cluster key is another one.
  Result<> start();
  // Reads again what other nodes may have changed, and removes what has retired.
  Result<> reload();
  // Returns the kid of the new key. Works without start(), for the command line.
  Result<std::string> rotate();

  // Never null after start().
  std::shared_ptr<const KeyRing> current() const { return ring_.load(); }

 private:
  Result<storage::SigningKeyRow> make_row(std::chrono::seconds wait);
  Result<std::vector<storage::SigningKeyRow>> rows() const;

  storage::Database& apis_;
  const Clock& clock_;
  Random& random_;
  const jose::Sealer& sealer_;
  const jose::Algorithm algorithm_;

  std::atomic<std::shared_ptr<const KeyRing>> ring_;
};

}  // namespace gatehouse::keymanager
