// SPDX-License-Identifier: Apache-2.0
#include "gateway/token_cache.h"

#include <bit>
#include <cstring>

#include "core/error.h"
#include "gateway/hash.h"

namespace gatehouse::gateway {

std::size_t TokenInTenant::Hash::operator()(const TokenInTenant& key) const {
  return hash_of(HashOfSha256()(key.hash), static_cast<std::uint64_t>(key.tenant));
}

std::size_t HashOfSha256::operator()(const Sha256& hash) const {
  std::size_t bits = 0;
  std::memcpy(&bits, hash.data(), sizeof bits);
  return bits;
}

TokenCache::TokenCache(std::size_t entries_max)
    : entries_max_(entries_max), index_(std::bit_ceil(entries_max * 2), none) {
  GH_ASSERT(entries_max > 0);
  entries_.reserve(entries_max);
  free_.reserve(entries_max);
}

std::size_t TokenCache::home(const Sha256& hash) const {
  return HashOfSha256()(hash) & (index_.size() - 1);
}

std::size_t TokenCache::probe(const Sha256& hash) const {
  std::size_t slot = home(hash);
  const auto is_it = [&](std::uint32_t place) {
    return std::memcmp(entries_[place].hash.data(), hash.data(), hash.size()) == 0;
  };
  while (index_[slot] != none && !is_it(index_[slot])) slot = (slot + 1) & (index_.size() - 1);
  return slot;
}

Token* TokenCache::find(const Sha256& hash) {
  const std::uint32_t place = index_[probe(hash)];
  if (place == none) return nullptr;
  Entry& entry = entries_[place];
  entry.recent = true;
  return &entry.token;
}

Token& TokenCache::put(const Sha256& hash, Token token) {
  std::uint32_t place = index_[probe(hash)];
  if (place == none) {
    place = free_entry();
    index_[probe(hash)] = place;  // freeing an entry may have moved slots
    ++size_;
  }
  Entry& entry = entries_[place];
  entry.hash = hash;
  entry.used = true;
  entry.recent = false;
  entry.token = std::move(token);
  return entry.token;
}

// The hand passes over what was used since it last came by (CLOCK).
std::uint32_t TokenCache::free_entry() {
  if (free_.empty() && entries_.size() < entries_max_) {
    entries_.emplace_back();
    return static_cast<std::uint32_t>(entries_.size() - 1);
  }
  while (free_.empty()) {
    Entry& entry = entries_[hand_];
    hand_ = (hand_ + 1) % entries_.size();
    if (!std::exchange(entry.recent, false)) erase(entry.hash);
  }
  const std::uint32_t place = free_.back();
  free_.pop_back();
  return place;
}

void TokenCache::erase(const Sha256& hash) {
  const std::size_t slot = probe(hash);
  if (index_[slot] != none) erase_slot(slot);
}

// Closes the gap, so that probing never meets a hole before what it looks for.
void TokenCache::erase_slot(std::size_t slot) {
  const std::uint32_t place = index_[slot];
  entries_[place].used = false;
  entries_[place].token = Token{};
  free_.push_back(place);
  --size_;
  const std::size_t mask = index_.size() - 1;
  std::size_t gap = slot;
  for (std::size_t next = (slot + 1) & mask; index_[next] != none; next = (next + 1) & mask) {
    const std::size_t wanted = home(entries_[index_[next]].hash);
    if (((next - wanted) & mask) < ((next - gap) & mask)) continue;
    index_[gap] = index_[next];
    gap = next;
  }
  index_[gap] = none;
}

void TokenCache::erase_if(const std::function<bool(const Sha256&, const Token&)>& is_meant) {
  for (const Entry& entry : entries_) {
    if (entry.used && is_meant(entry.hash, entry.token)) erase(Sha256(entry.hash));
  }
}

}  // namespace gatehouse::gateway
