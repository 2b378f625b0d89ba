// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/proof_key.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::keymanager {
namespace {

// RFC 7636, appendix B.
constexpr std::string_view verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
constexpr std::string_view challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

TEST(ProofKey, OfTheStandardFits) {
  EXPECT_TRUE(is_challenge(challenge));
  EXPECT_TRUE(verifier_matches(verifier, challenge));
}

TEST(ProofKey, ThatIsAnotherDoesNot) {
  const std::string longest(128, 'a');
  for (const std::string& wrong :
       {std::string(), std::string(challenge), std::string(verifier) + 'a',
        std::string(verifier.substr(1)), std::string(42, 'a'), longest, longest + 'a',
        std::string(verifier.substr(0, 42)) + '+', std::string(verifier.substr(0, 42)) + ' '}) {
    EXPECT_FALSE(verifier_matches(wrong, challenge)) << wrong;
  }
}

TEST(ProofKey, HasAChallengeOfOneForm) {
  for (const std::string& wrong :
       {std::string(), std::string(challenge) + '=', std::string(challenge.substr(1)),
        std::string(challenge.substr(1)) + '+', std::string(43, ' ')}) {
    EXPECT_FALSE(is_challenge(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace gatehouse::keymanager
