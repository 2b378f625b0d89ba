// SPDX-License-Identifier: Apache-2.0
#include "core/digest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "core/text.h"

namespace gatehouse {
namespace {

std::string hex(const Sha256& digest) { return to_hex(to_bytes(digest)); }

// FIPS 180-4, examples published by NIST for SHA-256.
TEST(Sha256Digest, AgreesWithTheVectorsOfItsStandard) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

struct HmacCase {
  std::string key;
  std::string message;
  const char* mac;
};

// RFC 4231, section 4: test cases 1, 2, 3, 6 and 7.
TEST(HmacSha256, AgreesWithTheVectorsOfItsStandard) {
  const HmacCase cases[] = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The "
       "key needs to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  for (const HmacCase& row : cases) EXPECT_EQ(hex(hmac_sha256(row.key, row.message)), row.mac);
}

// RFC 5869, appendix A.3: no salt and no info, whose first block of output is what we take.
TEST(HkdfSha256, AgreesWithTheVectorOfItsStandard) {
  EXPECT_EQ(to_hex(hkdf_sha256(std::string(22, '\x0b'), "")),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST(HkdfSha256, LabelsGiveUnrelatedKeys) {
  const std::string key(32, 'k');
  EXPECT_NE(hkdf_sha256(key, "seal"), hkdf_sha256(key, "session"));
  EXPECT_EQ(hkdf_sha256(key, "seal"), hkdf_sha256(key, "seal"));
  EXPECT_EQ(hkdf_sha256(key, "seal").size(), 32U);
}

// The check value of CRC-32/ISO-HDLC, which IEEE 802.3 uses.
TEST(Crc32, AgreesWithItsCheckValue) {
  EXPECT_EQ(crc32("123456789"), 0xCBF43926U);
  EXPECT_EQ(crc32(""), 0U);
  EXPECT_EQ(crc32("The quick brown fox jumps over the lazy dog"), 0x414FA339U);
  EXPECT_EQ(crc32(std::string(32, '\0')), 0x190A55ADU);
  EXPECT_EQ(crc32(std::string(32, '\xFF')), 0xFF6CAB0BU);
}

// As the polynomial defines it: bit by bit.
TEST(Crc32, AgreesWithItsDefinitionAtEveryLength) {
  std::string bytes;
  for (int size = 0; size < 64; ++size) {
    std::uint32_t crc = ~0U;
    for (const char c : bytes) {
      crc ^= static_cast<unsigned char>(c);
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1)));
    }
    EXPECT_EQ(crc32(bytes), ~crc) << size;
    bytes += static_cast<char>(size * 37 + 200);
  }
}

// The median of what a comparison of `a` and `b` takes on this thread.
template <typename Compare>
double median_of(const std::string& a, const std::string& b, std::vector<double>& spent,
                 Compare compare) {
  constexpr int repetitions = 50;
  const auto now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
  };
  const double begin = now();
  for (int i = 0; i < repetitions; ++i) EXPECT_FALSE(compare(a, b));
  spent.push_back(now() - begin);
  std::nth_element(spent.begin(), spent.begin() + static_cast<std::ptrdiff_t>(spent.size() / 2),
                   spent.end());
  return spent[spent.size() / 2];
}

// How much longer a difference in the last byte takes than one in the first.
template <typename Compare>
double late_by_early(Compare compare) {
  const std::string secret(4096, 'x');
  std::string early = secret;
  std::string late = secret;
  early.front() = late.back() = 'y';
  std::vector<double> spent_early;
  std::vector<double> spent_late;
  double ratio = 0;
  for (int i = 0; i < 400; ++i) {  // in turn, so that the machine's other work meets both alike
    const double of_early = median_of(secret, early, spent_early, compare);
    ratio = median_of(secret, late, spent_late, compare) / of_early;
  }
  return ratio;
}

TEST(ConstantTimeComparison, TakesAsLongWhereverTheDifferenceLies) {
  const double ratio = late_by_early(equals_in_constant_time);
  EXPECT_GT(ratio, 0.8);
  EXPECT_LT(ratio, 1.25);
  // The same measurement finds out one that stops at the first difference.
  const auto stops = [](std::string_view a, std::string_view b) {
    return std::mismatch(a.begin(), a.end(), b.begin()).first == a.end();
  };
  EXPECT_GT(late_by_early(stops), 2);
}

TEST(ConstantTimeComparison, ComparesEveryByteAndTheLength) {
  EXPECT_TRUE(equals_in_constant_time("secret", "secret"));
  EXPECT_TRUE(equals_in_constant_time("", ""));
  EXPECT_FALSE(equals_in_constant_time("secret", "secreT"));
  EXPECT_FALSE(equals_in_constant_time("secret", "Secret"));
  EXPECT_FALSE(equals_in_constant_time("secret", "secret "));
}

}  // namespace
}  // namespace gatehouse
