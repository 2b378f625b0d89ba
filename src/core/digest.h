// SPDX-License-Identifier: Apache-2.0
//
// Digests and message authentication, and the comparison that secrets need.
//
// Thread:  any; OpenSSL objects are fetched once and shared.
// Source:  FIPS 180-4 (SHA-256), RFC 2104 (HMAC), RFC 5869 (HKDF), IEEE 802.3 (CRC-32).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse {

using Sha256 = std::array<std::byte, 32>;

Sha256 sha256(std::string_view bytes);
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);

// A digest as a string of its 32 bytes: the form of a BLOB column.
inline std::string to_bytes(const Sha256& digest) {
  return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
}
// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

// 32 bytes derived from `key` for one purpose; `label` names the purpose.
std::string hkdf_sha256(std::string_view key, std::string_view label);

std::uint32_t crc32(std::string_view bytes);

// True when equal; takes the same time whatever the content, and tells only the length.
bool equals_in_constant_time(std::string_view a, std::string_view b);

}  // namespace gatehouse
