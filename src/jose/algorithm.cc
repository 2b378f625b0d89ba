// SPDX-License-Identifier: Apache-2.0
#include "jose/algorithm.h"

namespace gatehouse::jose {

std::string_view to_text(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rs256: return "RS256";
    case Algorithm::es256: return "ES256";
    case Algorithm::eddsa: return "EdDSA";
  }
  GH_ASSERT_NOT_REACHED();
}

Result<Algorithm> parse_algorithm(std::string_view text) {
  for (const Algorithm algorithm : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
    if (text == to_text(algorithm)) return algorithm;
  }
  return fail(ErrorCode::unauthenticated, "The signature algorithm is not allowed");
}

}  // namespace gatehouse::jose
