// SPDX-License-Identifier: Apache-2.0
//
// Says what raw access tokens are worth now: opaque ones by their row, JWTs by their signature and
// the revocations. The scopes of a user's token are those that his roles still allow.
//
// Thread:  validate: pool threads. remembered: any, does not wait.
// Cost:    one read of api_manager for a batch, one of user_manager for each user's token.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keymanager/directory.h"
#include "keymanager/key_cache.h"
#include "keymanager/scope_policy.h"
#include "keymanager/signing_keys.h"

namespace gatehouse::keymanager {

class TokenValidator {
 public:
  static constexpr std::size_t tokens_max = 256;

  struct Answer {
    std::uint64_t revocation = 0;  // the newest one in the snapshot that the list is true at
    std::vector<model::Validation> list;
  };

  TokenValidator(const Resources& resources, const Options& options, const SigningKeys& keys,
                 const Directory& directory, const ScopePolicy& scopes);

  // In the order of `tokens`.
  Result<Answer> validate(const std::vector<std::string>& tokens);
  Result<model::Validation> validate_one(const std::string& token);

  // The answer if all of it is remembered; the second as the JSON of
  // POST /internal/keys/v1/validate.
  std::optional<Answer> remembered(const std::vector<std::string>& tokens);
  std::optional<std::string> remembered_json(const std::vector<std::string>& tokens);

  KeyCache* cache() { return cache_ ? &*cache_ : nullptr; }

 private:
  struct Question;

  Result<> read_tokens(std::vector<Question>& questions, Answer& answer);
  Result<> read_one(storage::Transaction& transaction, const Question& question,
                    model::Validation& validation) const;
  Result<> read_opaque(storage::Transaction& transaction, const Question& question,
                       model::Validation& validation) const;
  Result<> read_jwt(storage::Transaction& transaction, const Question& question,
                    model::Validation& validation) const;
  Result<> check_user(model::Validation& validation) const;

  storage::Database& apis_;
  const Clock& clock_;
  const SigningKeys& keys_;
  const Directory& directory_;
  const ScopePolicy& scopes_;
  const std::string issuer_;
  std::optional<KeyCache> cache_;

  Counter& validations_;
  Counter& reads_;
  Counter& hits_;
};

}  // namespace gatehouse::keymanager
