// SPDX-License-Identifier: Apache-2.0
#include "keymanager/key_cache.h"

#include <algorithm>

#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

bool names(const model::Revocation& revocation, const std::string& hash,
           const model::Validation& validation) {
  if (revocation.kind == "family") return validation.family == revocation.value;
  if (revocation.kind == "client") return validation.client_id == revocation.value;
  if (revocation.kind == "user_client") {
    return model::user_and_client(validation.user_id, validation.client_id) == revocation.value;
  }
  if (revocation.kind == "tenant_changed")
    return validation.tenant == revocation.tenant || validation.user_tenant == revocation.tenant;
  if (revocation.kind == "token") return to_hex(hash) == revocation.value;
  return validation.user_id == revocation.value;
}

}  // namespace

KeyCache::KeyCache(const Clock& clock, std::chrono::seconds lifetime)
    : clock_(clock), lifetime_(lifetime) {}

void KeyCache::begin_at(std::uint64_t revocation) {
  const std::lock_guard lock(mutex_);
  applied_ = std::max(applied_, revocation);
  complete_ = std::max(complete_, revocation);
}

void KeyCache::complete_up_to(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  complete_ = std::max(complete_, number);
}

const KeyCache::Entry* KeyCache::find_locked(std::string_view hash) {
  const auto entry = entries_.find(hash);
  if (entry == entries_.end()) return nullptr;
  if (entry->second.until > clock_.now()) return &entry->second;
  entries_.erase(entry);
  return nullptr;
}

std::optional<KeyCache::Found> KeyCache::find(std::string_view hash) {
  const std::lock_guard lock(mutex_);
  const Entry* const entry = find_locked(hash);
  if (entry == nullptr) return std::nullopt;
  return Found{complete_, entry->validation};
}

std::optional<std::uint64_t> KeyCache::append_json(std::string_view hash, std::string& list) {
  const std::lock_guard lock(mutex_);
  const Entry* const entry = find_locked(hash);
  if (entry == nullptr) return std::nullopt;
  list += entry->json;
  return complete_;
}

void KeyCache::put(const std::string& hash, std::uint64_t revocation,
                   const model::Validation& validation) {
  const Instant until = std::min(validation.expires_at, clock_.now() + lifetime_);
  std::string json = json::serialize(model::to_json(validation));
  const std::lock_guard lock(mutex_);
  if (revocation < applied_) return;
  if (entries_.size() >= entries_max) entries_.clear();
  entries_.insert_or_assign(hash, Entry{validation, std::move(json), until});
}

void KeyCache::apply(const model::Revocation& revocation) {
  const std::lock_guard lock(mutex_);
  applied_ = std::max(applied_, revocation.number);
  if (revocation.number == complete_ + 1) complete_ = revocation.number;
  boost::unordered::erase_if(entries_, [&](const auto& entry) {
    return names(revocation, entry.first, entry.second.validation);
  });
}

}  // namespace gatehouse::keymanager
