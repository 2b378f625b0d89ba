// SPDX-License-Identifier: Apache-2.0
#include "gateway/token_trials.h"

#include <algorithm>
#include <vector>

#include "gateway/hash.h"

namespace gatehouse::gateway {

namespace {

constexpr std::chrono::minutes window{1};

}  // namespace

std::size_t TokenTrials::HashOfAddress::operator()(const net::Address& address) const {
  const auto& bytes = address.bytes();
  return hash_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

TokenTrials::TokenTrials(std::uint32_t per_minute, Counter& refusals)
    : interval_(per_minute == 0 ? Tick::duration{0} : Tick::duration(window) / per_minute),
      refusals_(refusals) {}

std::chrono::milliseconds TokenTrials::take(const net::Address& client, Tick now) {
  if (interval_.count() == 0) return std::chrono::milliseconds(0);
  const net::Address key = client.client_key();
  auto found = busy_until_.find(key);
  if (found == busy_until_.end()) {
    if (busy_until_.size() >= clients_max) make_room(now);
    found = busy_until_.emplace(key, now).first;
  }
  const Tick next = std::max(found->second, now) + interval_;
  if (next > now + window) {
    refusals_.add();
    return std::chrono::ceil<std::chrono::milliseconds>(next - now - window);
  }
  found->second = next;
  return std::chrono::milliseconds(0);
}

void TokenTrials::give_back(const net::Address& client) {
  if (interval_.count() == 0) return;
  const auto found = busy_until_.find(client.client_key());
  if (found != busy_until_.end()) found->second -= interval_;
}

// The idle ones go, and if that is not enough the half that tried least.
void TokenTrials::make_room(Tick now) {
  boost::unordered::erase_if(busy_until_, [now](const auto& item) { return item.second <= now; });
  if (busy_until_.size() < clients_max) return;
  std::vector<Tick> times;
  times.reserve(busy_until_.size());
  for (const auto& [client, until] : busy_until_) times.push_back(until);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  boost::unordered::erase_if(busy_until_,
                             [least = *middle](const auto& item) { return item.second <= least; });
}

}  // namespace gatehouse::gateway
