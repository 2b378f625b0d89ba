// SPDX-License-Identifier: Apache-2.0
//
// The keys that sign our tokens, one per algorithm: made at the first start, rotated on demand,
// sealed at rest.
//
// A new key is published at once and signs an hour later, when every gateway knows it. The one
// before it stays published until its last token has expired. (The first key of an algorithm signs
// at once: there is no other.)
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
  std::vector<jose::PrivateKey> signers;  // never empty; the first one is the usual one
  jose::KeySet published;

  const jose::PrivateKey& signer() const { return signers.front(); }
  // The usual one when this server does not sign with `algorithm`.
  const jose::PrivateKey& signer_for(jose::Algorithm algorithm) const;
  bool signs_with(jose::Algorithm algorithm) const;
};

class SigningKeys {
 public:
  static constexpr std::chrono::hours head_start{1};

  SigningKeys(storage::Database& apis, const Clock& clock, Random& random,
              const jose::Sealer& sealer, std::vector<jose::Algorithm> algorithms);

  // Makes the first key of each algorithm that has none, and reads what is there.
  // Error: internal, when a key cannot be opened: the cluster key is another one.
  Result<> start();
  // Reads again what other nodes may have changed, and removes what has retired.
  Result<> reload();
  // Returns the kids of the new keys, one per algorithm. Works without start(), for the command
  // line.
  Result<std::vector<std::string>> rotate();

  // Never null after start().
  std::shared_ptr<const KeyRing> current() const { return ring_.load(); }

 private:
  Result<storage::SigningKeyRow> make_row(jose::Algorithm algorithm, std::chrono::seconds wait);
  Result<> insert(const std::vector<storage::SigningKeyRow>& rows);
  Result<> remove(const storage::SigningKeyRow& row);
  Result<jose::PrivateKey> open(const storage::SigningKeyRow& row) const;
  Result<std::vector<storage::SigningKeyRow>> rows() const;

  storage::Database& apis_;
  const Clock& clock_;
  Random& random_;
  const jose::Sealer& sealer_;
  const std::vector<jose::Algorithm> algorithms_;

  std::atomic<std::shared_ptr<const KeyRing>> ring_;
};

}  // namespace gatehouse::keymanager
