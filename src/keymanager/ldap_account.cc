// SPDX-License-Identifier: Apache-2.0
#include "keymanager/ldap_account.h"

#include <charconv>

#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::int64_t account_disable = 2;

// Between 1601, where Active Directory's clock begins, and 1970.
constexpr std::int64_t epoch_gap_s = 11'644'473'600;
constexpr std::int64_t ticks_per_ms = 10'000;  // of 100 ns

// A lock that only an administrator opens.
constexpr std::string_view locked_for_good = "000001010000Z";

std::int64_t number_in(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

// 0 and the largest number mean never.
bool is_over(const std::string& expires, Instant now) {
  const std::int64_t ticks = number_in(expires);
  if (ticks <= 0 || ticks == INT64_MAX) return false;
  return ticks / ticks_per_ms - epoch_gap_s * 1'000 <= to_ms(now);
}

}  // namespace

std::vector<std::string> account_attributes() {
  return {"userAccountControl", "accountExpires", "pwdAccountLockedTime", "nsAccountLock"};
}

bool is_disabled(const LdapEntry& entry, Instant now) {
  if ((number_in(entry.value("userAccountControl")) & account_disable) != 0) return true;
  if (is_over(entry.value("accountExpires"), now)) return true;
  if (entry.value("pwdAccountLockedTime") == locked_for_good) return true;
  return equals_ignoring_case(entry.value("nsAccountLock"), "true");
}

}  // namespace gatehouse::keymanager
