// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/proof_key.h"

#include "core/digest.h"
#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::size_t challenge_size = 43;
constexpr std::size_t verifier_size_min = 43;
constexpr std::size_t verifier_size_max = 128;

bool is_letter(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }

}  // namespace

bool is_challenge(std::string_view challenge) {
  return challenge.size() == challenge_size &&
         std::all_of(challenge.begin(), challenge.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; });
}

bool verifier_matches(std::string_view verifier, std::string_view challenge) {
  const bool good =
      verifier.size() >= verifier_size_min && verifier.size() <= verifier_size_max &&
      std::all_of(verifier.begin(), verifier.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == '~';
      });
  return good && equals_in_constant_time(to_base64url(to_bytes(sha256(verifier))), challenge);
}

}  // namespace gatehouse::keymanager
