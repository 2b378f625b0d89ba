// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "core/digest.h"
#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::int64_t step_ms = 30'000;
constexpr std::uint32_t code_modulus = 1'000'000;
constexpr std::size_t sha1_size = 20;

}  // namespace

std::int64_t totp_step(Instant now) { return to_ms(now) / step_ms; }

std::string totp_code(std::string_view secret, std::int64_t step) {
  std::array<unsigned char, 8> message{};
  auto number = static_cast<std::uint64_t>(step);
  for (std::size_t i = message.size(); i-- > 0; number >>= 8U) {
    message[i] = static_cast<unsigned char>(number & 0xFFU);
  }
  std::array<unsigned char, sha1_size> digest{};
  unsigned int size = 0;
  const unsigned char* made = HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()),
                                   message.data(), message.size(), digest.data(), &size);
  GH_ASSERT(made != nullptr && size == sha1_size);
  const std::size_t offset = digest.back() & 0x0FU;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8U | digest[offset + i];
  return fmt::format("{:06}", (value & 0x7FFFFFFFU) % code_modulus);
}

std::optional<std::int64_t> totp_match(std::string_view secret, std::string_view code,
                                       Instant now) {
  std::optional<std::int64_t> matched;
  const std::int64_t present = totp_step(now);
  for (std::int64_t step = present - totp_window; step <= present + totp_window; ++step) {
    if (equals_in_constant_time(totp_code(secret, step), code)) matched = step;
  }
  return matched;
}

std::string to_base32(std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char byte : bytes) {
    bits = (bits << 8U | static_cast<unsigned char>(byte)) & 0xFFFFU;
    for (count += 8; count >= 5; count -= 5) text += letters[bits >> (count - 5) & 31U];
  }
  if (count > 0) text += letters[bits << (5 - count) & 31U];
  return text;
}

std::string totp_uri(std::string_view secret, std::string_view issuer, std::string_view account) {
  return fmt::format("otpauth://totp/{}:{}?secret={}&issuer={}&algorithm=SHA1&digits=6&period=30",
                     percent_encode(issuer), percent_encode(account), to_base32(secret),
                     percent_encode(issuer));
}

}  // namespace gatehouse::keymanager
