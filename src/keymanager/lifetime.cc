// SPDX-License-Identifier: Apache-2.0
#include "keymanager/lifetime.h"

#include <algorithm>

#include "storage/apis/token_store.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view longest = "longest_access_token_seconds";
constexpr std::int64_t access_seconds_default = 3600;
constexpr std::int64_t seconds_max = std::chrono::seconds(storage::token_life_max).count();

}  // namespace

std::chrono::seconds longest_access_lifetime(const storage::Client& client) {
  return std::chrono::seconds(
      std::max(client.access_token_seconds, number_or(client.document, longest, 0)));
}

void set_access_lifetime(storage::Client& client, std::int64_t seconds) {
  const std::int64_t before = longest_access_lifetime(client).count();
  client.access_token_seconds = bounded_seconds(seconds, access_seconds_default);
  client.document[longest] = std::max(before, client.access_token_seconds);
}

std::int64_t bounded_seconds(std::int64_t seconds, std::int64_t fallback) {
  if (seconds == 0) return fallback;
  return seconds < 0 ? seconds_max : std::min(seconds, seconds_max);
}

}  // namespace gatehouse::keymanager
