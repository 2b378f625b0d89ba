// SPDX-License-Identifier: Apache-2.0
#include "jose/algorithm.h"

#include <openssl/evp.h>

#include "core/text.h"

namespace gatehouse::jose {

std::string_view to_text(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rs256: return "RS256";
    case Algorithm::ps256: return "PS256";
    case Algorithm::es256: return "ES256";
    case Algorithm::eddsa: return "EdDSA";
  }
  GH_ASSERT_NOT_REACHED();
}

Result<Algorithm> parse_algorithm(std::string_view text) {
  for (const Algorithm algorithm : algorithms) {
    if (text == to_text(algorithm)) return algorithm;
  }
  return fail(ErrorCode::unauthenticated, "The signature algorithm is not allowed");
}

std::string half_hash(Algorithm algorithm, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t size = 0;
  const char* name = algorithm == Algorithm::eddsa ? "SHA512" : "SHA256";
  GH_ASSERT(EVP_Q_digest(nullptr, name, nullptr, text.data(), text.size(), digest.data(), &size) ==
            1);
  return to_base64url({reinterpret_cast<const char*>(digest.data()), size / 2});
}

}  // namespace gatehouse::jose
