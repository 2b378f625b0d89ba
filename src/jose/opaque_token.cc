// SPDX-License-Identifier: Apache-2.0
#include "jose/opaque_token.h"

#include "core/digest.h"
#include "core/text.h"

namespace gatehouse::jose {

namespace {

constexpr std::size_t random_size = 32;
constexpr std::size_t number_size = 4;

std::string_view prefix_of(OpaqueKind kind) {
  return kind == OpaqueKind::access ? "gate_" : "gatr_";
}

std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(number >> shift & 255);
  return bytes;
}

std::uint32_t from_big_endian(std::string_view bytes) {
  std::uint32_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

}  // namespace

std::string make_opaque_token(OpaqueKind kind, Instant expires_at, Random& random) {
  const auto hour = std::chrono::floor<std::chrono::hours>(expires_at.time_since_epoch()).count();
  std::string bytes = big_endian(static_cast<std::uint32_t>(hour)) + random.bytes(random_size);
  bytes += big_endian(crc32(bytes));
  return std::string(prefix_of(kind)) + to_base64url(bytes);
}

std::optional<Instant> opaque_token_end(OpaqueKind kind, std::string_view text) {
  if (!text.starts_with(prefix_of(kind))) return std::nullopt;
  text.remove_prefix(prefix_of(kind).size());
  const Result<std::string> bytes = from_base64url(text);
  if (!bytes || bytes->size() != number_size + random_size + number_size) return std::nullopt;
  const std::string_view all = *bytes;
  const std::string_view checked = all.substr(0, number_size + random_size);
  if (crc32(checked) != from_big_endian(all.substr(checked.size()))) return std::nullopt;
  const std::chrono::hours hour(from_big_endian(all.substr(0, number_size)));
  return Instant(hour + std::chrono::hours(1));
}

}  // namespace gatehouse::jose
