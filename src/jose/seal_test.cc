// SPDX-License-Identifier: Apache-2.0
#include "jose/seal.h"

#include <gtest/gtest.h>

#include "jose/opaque_token.h"

namespace gatehouse::jose {
namespace {

TEST(Sealer, OpensWhatItSealedAndNothingElse) {
  SeededRandom random(7);
  const Sealer sealer({std::string(32, 'k')});
  const std::string sealed = sealer.seal("secret", "row 1", random);
  EXPECT_EQ(sealed.find("secret"), std::string::npos);
  EXPECT_EQ(*sealer.open(sealed, "row 1"), "secret");
  EXPECT_EQ(*sealer.open(sealer.seal("", "row 1", random), "row 1"), "");
  EXPECT_NE(sealer.seal("secret", "row 1", random), sealed);

  EXPECT_FALSE(sealer.open(sealed, "row 2"));
  EXPECT_FALSE(sealer.open("", "row 1"));
  EXPECT_FALSE(Sealer({std::string(32, 'x')}).open(sealed, "row 1"));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(sealer.open(changed, "row 1")) << "byte " << i;
    EXPECT_FALSE(sealer.open(sealed.substr(0, i), "row 1")) << "length " << i;
  }
}

TEST(Sealer, OpensUnderAnOlderClusterKey) {
  SeededRandom random(7);
  const std::string before(32, 'a');
  const std::string after(32, 'b');
  const std::string sealed = Sealer({before}).seal("secret", "row", random);
  EXPECT_EQ(*Sealer({after, before}).open(sealed, "row"), "secret");
  EXPECT_FALSE(Sealer({before}).open(Sealer({after, before}).seal("x", "row", random), "row"));
}

TEST(OpaqueToken, CarriesItsHourAndAChecksum) {
  SeededRandom random(7);
  const Instant expires_at(std::chrono::hours(490'000) + std::chrono::minutes(20));
  const std::string token = make_opaque_token(OpaqueKind::access, expires_at, random);
  EXPECT_TRUE(token.starts_with("gate_"));
  EXPECT_EQ(opaque_token_end(OpaqueKind::access, token), Instant(std::chrono::hours(490'001)));
  EXPECT_FALSE(opaque_token_end(OpaqueKind::refresh, token));
  EXPECT_FALSE(opaque_token_end(OpaqueKind::access, token + "A"));
  EXPECT_FALSE(opaque_token_end(OpaqueKind::access, "gate_"));
  for (std::size_t i = 5; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(opaque_token_end(OpaqueKind::access, changed)) << "character " << i;
  }
}

}  // namespace
}  // namespace gatehouse::jose
