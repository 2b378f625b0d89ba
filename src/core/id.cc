// SPDX-License-Identifier: Apache-2.0
#include "core/id.h"

#include "core/text.h"

namespace gatehouse {

Result<std::string> parse_uuid(std::string_view text) {
  const auto refuse = [] { return fail(ErrorCode::invalid_argument, "Not a UUID"); };
  if (text.size() != 36) return refuse();
  std::string uuid(text);
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? uuid[i] != '-' : !is_hex_digit(uuid[i])) return refuse();
    uuid[i] = ascii_lower(uuid[i]);
  }
  return uuid;
}

std::string random_uuid(Random& random) {
  std::string bytes = random.bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  std::string uuid = to_hex(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) uuid.insert(at, 1, '-');
  return uuid;
}

}  // namespace gatehouse
