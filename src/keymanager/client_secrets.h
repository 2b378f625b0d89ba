// SPDX-License-Identifier: Apache-2.0
//
// The secrets of a client: several at a time, so that one can be replaced without an outage, each
// with an end and a word on what it is for. A secret is shown once, when it is made.
//
// Thread:  pool threads.
#pragma once

#include "core/random.h"
#include "keymanager/options.h"
#include "storage/apis/client_store.h"

namespace gatehouse::keymanager {

// base64url without its two signs, which hurt in shells and at the beginning of an option.
std::string plain_letters(std::string_view bytes);

struct MadeSecret {
  std::string text;
  storage::ClientSecret row;
};
// Whether it is the secret of one of these hashes. Each is compared whole, so the time tells
// nothing but how many there are.
bool is_one_of(std::string_view secret, const std::vector<std::string>& hashes);
MadeSecret make_client_secret(Random& random, Instant now);

class ClientSecrets {
 public:
  // A client that would have more loses none: it is refused another.
  static constexpr std::int64_t secrets_max = 32;

  struct Wish {
    std::string description;
    std::int64_t seconds = 0;  // until it ends; 0: never
  };

  explicit ClientSecrets(const Resources& resources);

  // Error: not_found; conflict, when the client is public or has `secrets_max`; invalid_argument.
  Result<MadeSecret> add(const std::string& client_id, const Wish& wish);
  // Newest first; what has ended is among them until it is revoked.
  Result<std::vector<storage::ClientSecret>> list(const std::string& client_id) const;
  // Error: not_found; conflict, when it is the last one that works.
  Result<> revoke(const std::string& client_id, const std::string& secret_id);
  // The client, when this is a secret of it that works. Error: unauthenticated.
  Result<storage::Client> check(const std::string& client_id, std::string_view secret) const;

 private:
  storage::Database& apis_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace gatehouse::keymanager
