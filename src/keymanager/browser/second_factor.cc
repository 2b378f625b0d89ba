// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/second_factor.h"

#include "core/digest.h"
#include "core/text.h"
#include "keymanager/browser/totp.h"
#include "storage/users/second_factor_store.h"

namespace gatehouse::keymanager {

namespace {

using storage::SecondFactorStore;
using storage::Transaction;

constexpr std::size_t recovery_code_bytes = 10;  // 80 bits: 16 letters of base32

std::string context_of(const Account& account) {
  return fmt::format("second factor\n{}\n{}", account.tenant, account.user.id);
}

// As people type it: with spaces or hyphens, in any case.
std::string plain(std::string_view code) {
  std::string text;
  for (const char c : code) {
    if (c != ' ' && c != '-') text += ascii_lower(c);
  }
  return text;
}

std::string hash_of_code(std::string_view code) { return to_bytes(sha256(plain(code))); }

std::string with_hyphens(std::string_view letters) {
  std::string text;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (i > 0 && i % 4 == 0) text += '-';
    text += letters[i];
  }
  return text;
}

}  // namespace

SecondFactor::SecondFactor(const Resources& resources, Attempts& attempts)
    : users_(resources.users),
      clock_(resources.clock),
      random_(resources.random),
      sealer_(resources.sealer),
      attempts_(attempts) {}

std::string SecondFactor::key_of(const Account& account) const {
  return "code\n" + context_of(account);
}

Result<bool> SecondFactor::is_enrolled(const Account& account) const {
  GH_TRY(factor, users_.read([&](Transaction& transaction) {
    return SecondFactorStore(transaction, account.tenant).find(account.user.id);
  }));
  return factor.has_value();
}

Result<SecondFactor::Verdict> SecondFactor::check(const Account& account, std::string_view code) {
  if (attempts_.wait_of(key_of(account)).count() > 0) return Verdict::wait;
  const std::string text = plain(code);
  GH_TRY(factor, users_.read([&](Transaction& transaction) {
    return SecondFactorStore(transaction, account.tenant).find(account.user.id);
  }));
  if (!factor) return Verdict::wrong;
  GH_TRY(secret, sealer_.open(factor->sealed, context_of(account)));
  const std::optional<std::int64_t> step = totp_match(secret, text, clock_.now());
  GH_TRY(taken, users_.write([&](Transaction& transaction) -> Result<bool> {
    SecondFactorStore store(transaction, account.tenant);
    if (step) return store.take_step(account.user.id, *step);
    return store.take_recovery_code(account.user.id, hash_of_code(text));
  }));
  if (!taken) {
    attempts_.failed(key_of(account), code_attempts);
    return Verdict::wrong;
  }
  attempts_.succeeded(key_of(account));
  return Verdict::right;
}

std::string SecondFactor::make_secret() { return random_.bytes(totp_secret_size); }

Result<std::vector<std::string>> SecondFactor::enrol(const Account& account,
                                                     const std::string& secret,
                                                     std::string_view code) {
  const Instant now = clock_.now();
  const std::optional<std::int64_t> step = totp_match(secret, plain(code), now);
  if (!step || secret.size() != totp_secret_size) {
    return fail(ErrorCode::invalid_argument, "The code is not the one that the app shows now");
  }
  std::vector<std::string> codes;
  std::vector<std::string> hashes;
  for (std::size_t i = 0; i < recovery_codes_count; ++i) {
    codes.push_back(with_hyphens(to_lower(to_base32(random_.bytes(recovery_code_bytes)))));
    hashes.push_back(hash_of_code(codes.back()));
  }
  const storage::SecondFactor factor{.user_id = account.user.id,
                                     .sealed = sealer_.seal(secret, context_of(account), random_),
                                     .last_step = *step,
                                     .created_at = now};
  GH_CHECK(users_.write([&](Transaction& transaction) {
    return SecondFactorStore(transaction, account.tenant).put(factor, hashes);
  }));
  return codes;
}

Result<> SecondFactor::remove(const Account& account) {
  return users_.write([&](Transaction& transaction) {
    return SecondFactorStore(transaction, account.tenant).remove(account.user.id);
  });
}

Result<std::int64_t> SecondFactor::recovery_codes_left(const Account& account) const {
  return users_.read([&](Transaction& transaction) {
    return SecondFactorStore(transaction, account.tenant).recovery_codes_left(account.user.id);
  });
}

}  // namespace gatehouse::keymanager
