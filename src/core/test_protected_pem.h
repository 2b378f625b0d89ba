// SPDX-License-Identifier: Apache-2.0
//
// For tests of whoever reads PEM: a protected block, and whether its pass phrase is asked for.
//
// Thread:  one; the standard input is replaced meanwhile.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

namespace gatehouse {

inline constexpr std::string_view test_pass_phrase = "secret";

// The same certificate or private key, under that pass phrase.
inline std::string protected_pem(const std::string& pem) {
  using Buffer = std::unique_ptr<BIO, decltype(&BIO_free)>;
  const Buffer in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const Buffer out(BIO_new(BIO_s_mem()), &BIO_free);
  const auto* phrase = reinterpret_cast<const unsigned char*>(test_pass_phrase.data());
  constexpr auto size = static_cast<int>(test_pass_phrase.size());
  if (pem.find("PRIVATE KEY") != std::string::npos) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
    PEM_write_bio_PrivateKey_traditional(out.get(), key.get(), EVP_aes_256_cbc(), phrase, size,
                                         nullptr, nullptr);
  } else {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), &X509_free);
    const auto write = [](const void* from, unsigned char** to) {
      return i2d_X509(static_cast<const X509*>(from), to);
    };
    PEM_ASN1_write_bio(write, PEM_STRING_X509, out.get(), certificate.get(), EVP_aes_256_cbc(),
                       phrase, size, nullptr, nullptr);
  }
  char* bytes = nullptr;
  const long written = BIO_get_mem_data(out.get(), &bytes);
  std::string text(bytes, static_cast<std::size_t>(written));
  EXPECT_NE(text.find("ENCRYPTED"), std::string::npos) << text;
  return text;
}

// While it lives the pass phrase waits at the standard input for whoever asks.
class TestTerminal {
 public:
  TestTerminal() : kept_(::dup(STDIN_FILENO)) {
    std::array<int, 2> pipe{};
    EXPECT_EQ(::pipe(pipe.data()), 0);
    const std::string line = std::string(test_pass_phrase) + "\n";
    EXPECT_EQ(::write(pipe[1], line.data(), line.size()), static_cast<ssize_t>(line.size()));
    ::close(pipe[1]);
    ::dup2(pipe[0], STDIN_FILENO);
    ::close(pipe[0]);
  }
  ~TestTerminal() {
    if (kept_ < 0) return;
    ::dup2(kept_, STDIN_FILENO);
    ::close(kept_);
  }
  TestTerminal(const TestTerminal&) = delete;
  TestTerminal& operator=(const TestTerminal&) = delete;

 private:
  const int kept_;
};

}  // namespace gatehouse
