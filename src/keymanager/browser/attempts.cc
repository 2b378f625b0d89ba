// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/attempts.h"

#include <algorithm>
#include <cstring>

#include "core/digest.h"
#include "core/text.h"
#include "storage/users/tenant_store.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::uint32_t doublings_max = 16;

std::chrono::seconds delay_after(std::uint32_t failures, const AttemptLimits& limits) {
  if (failures <= limits.free) return std::chrono::seconds(0);
  const std::uint32_t doublings = std::min(failures - limits.free - 1, doublings_max);
  return std::min(limits.first_delay * (1 << doublings), limits.longest_delay);
}

}  // namespace

std::string plain_name(std::string_view name) {
  std::string plain = to_lower(name);
  const std::size_t at = plain.rfind('@');
  if (at != plain.npos && plain.substr(at + 1) == storage::first_tenant_domain) plain.resize(at);
  return plain;
}

Attempts::Attempts(const Clock& clock, Random& random)
    : clock_(clock), secret_(random.bytes(32)), table_(slots) {}

std::size_t Attempts::slot_of(std::string_view key) const {
  const Sha256 digest = hmac_sha256(secret_, key);
  std::uint64_t number = 0;
  std::memcpy(&number, digest.data(), sizeof number);
  return number % slots;
}

std::chrono::seconds Attempts::wait_of(std::string_view key) const {
  const std::size_t index = slot_of(key);
  const Instant now = clock_.now();
  const std::lock_guard lock(mutex_);
  const Slot& slot = table_[index];
  if (slot.closed_until <= now) return std::chrono::seconds(0);
  return std::chrono::ceil<std::chrono::seconds>(slot.closed_until - now);
}

void Attempts::failed(std::string_view key, const AttemptLimits& limits) {
  const std::size_t index = slot_of(key);
  const Instant now = clock_.now();
  const std::lock_guard lock(mutex_);
  Slot& slot = table_[index];
  if (slot.last + memory < now) slot = Slot();
  ++slot.failures;
  slot.last = now;
  slot.closed_until = now + delay_after(slot.failures, limits);
}

void Attempts::succeeded(std::string_view key) {
  const std::size_t index = slot_of(key);
  const std::lock_guard lock(mutex_);
  table_[index] = Slot();
}

}  // namespace gatehouse::keymanager
