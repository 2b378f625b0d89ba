// SPDX-License-Identifier: Apache-2.0
#include "core/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "core/error.h"
#include "core/text.h"

namespace gatehouse {

namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Fetching an algorithm by name takes a lock inside OpenSSL 3, so it is done once.
EVP_MD* sha256_method() {
  static EVP_MD* method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return method;
}

// One context per thread: making one allocates.
EVP_MD_CTX* digest_context() {
  struct Holder {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    ~Holder() { EVP_MD_CTX_free(context); }
  };
  static thread_local Holder holder;
  return holder.context;
}

// crc32 of one byte, and in row k of that byte with k zeros behind it: so eight bytes are taken at
// once, each from a row of its own.
using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr CrcTables make_crc_tables() {
  CrcTables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1)));
    tables[0][byte] = crc;
  }
  for (std::size_t row = 1; row < tables.size(); ++row) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[row - 1][byte];
      tables[row][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr CrcTables crc_tables = make_crc_tables();

}  // namespace

Sha256 sha256(std::string_view bytes) {
  Sha256 digest{};
  EVP_MD_CTX* context = digest_context();
  const bool done =
      EVP_DigestInit_ex2(context, sha256_method(), nullptr) == 1 &&
      EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1 &&
      EVP_DigestFinal_ex(context, reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1;
  GH_ASSERT(done);
  return digest;
}

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) {
  constexpr std::size_t block_size = 64;
  std::array<char, block_size> inner{};
  std::array<char, block_size> outer{};
  const std::string folded = key.size() > block_size ? to_bytes(sha256(key)) : std::string(key);
  for (std::size_t i = 0; i < block_size; ++i) {
    const char k = i < folded.size() ? folded[i] : '\0';
    inner[i] = static_cast<char>(k ^ 0x36);
    outer[i] = static_cast<char>(k ^ 0x5c);
  }
  std::string message(inner.data(), inner.size());
  message += bytes;
  std::string envelope(outer.data(), outer.size());
  envelope += to_bytes(sha256(message));
  return sha256(envelope);
}

std::string sha256_hex(std::string_view bytes) { return to_hex(to_bytes(sha256(bytes))); }

std::string hkdf_sha256(std::string_view key, std::string_view label) {
  const std::string extracted = to_bytes(hmac_sha256(std::string(32, '\0'), key));
  return to_bytes(hmac_sha256(extracted, std::string(label) + '\x01'));
}

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    const unsigned char* at = bytes_of(bytes);
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      const std::uint32_t folded = i < 4 ? at[i] ^ ((crc >> (8 * i)) & 0xFF) : at[i];
      next ^= crc_tables[7 - i][folded];
    }
    crc = next;
  }
  for (const char c : bytes) {
    crc = (crc >> 8) ^ crc_tables[0][(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  }
  return ~crc;
}

bool equals_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(bytes_of(a), bytes_of(b), a.size()) == 0;
}

}  // namespace gatehouse
