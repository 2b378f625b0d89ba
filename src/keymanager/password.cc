// SPDX-License-Identifier: Apache-2.0
#include "keymanager/password.h"

#include <argon2.h>

#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::size_t salt_size = 16;
constexpr std::size_t digest_size = 32;

}  // namespace

Passwords::Passwords(Random& random, PasswordCost cost, const HashTurns::Options& turns)
    : turns_(turns), random_(random), cost_(cost) {
  Result<std::string> nobody = hash_now(to_base64url(random.bytes(salt_size)));
  GH_ASSERT(nobody.has_value());
  nobodys_hash_ = *std::move(nobody);
}

Result<std::string> Passwords::hash(std::string_view password) {
  if (password.empty() || password.size() > password_bytes_max) {
    return fail(ErrorCode::invalid_argument, "A password has 1 to 1024 bytes");
  }
  GH_TRY(turn, turns_.take());
  return hash_now(password);
}

Result<bool> Passwords::matches(std::string_view password, std::string_view hash) {
  const bool known = !hash.empty();
  const std::string encoded(known ? hash : std::string_view(nobodys_hash_));
  if (password.size() > password_bytes_max) password = password.substr(0, 1);
  GH_TRY(turn, turns_.take());
  const bool equal =
      argon2id_verify(encoded.c_str(), password.data(), password.size()) == ARGON2_OK;
  return known && equal;
}

Result<std::string> Passwords::hash_now(std::string_view password) {
  const std::string salt = random_.bytes(salt_size);
  std::string encoded(
      argon2_encodedlen(cost_.passes, cost_.memory_kib, 1, salt_size, digest_size, Argon2_id),
      '\0');
  const int code =
      argon2id_hash_encoded(cost_.passes, cost_.memory_kib, 1, password.data(), password.size(),
                            salt.data(), salt.size(), digest_size, encoded.data(), encoded.size());
  if (code != ARGON2_OK) {
    return fail(ErrorCode::internal, "A password could not be hashed", argon2_error_message(code));
  }
  encoded.resize(std::char_traits<char>::length(encoded.c_str()));
  return encoded;
}

}  // namespace gatehouse::keymanager
