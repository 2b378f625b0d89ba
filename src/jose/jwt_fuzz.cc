// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reading of tokens and keys: no input may crash, and no token may hold.
#include "core/text.h"
#include "jose/claims.h"
#include "jose/dpop.h"
#include "jose/jwt.h"
#include "jose/opaque_token.h"

namespace gatehouse::jose {
namespace {

KeySet published() {
  // The key of RFC 7515, appendix A.3: its one token verifies, and expired in 2011.
  const Result<json::object> jwk = parse_json_object(
      R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
      R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
  KeySet set;
  set.add(*PublicKey::from_jwk(*jwk));
  return set;
}

void check(std::string_view input) {
  static const KeySet keys = published();
  if (const Result<Jwt> jwt = verify(input, keys)) {
    GH_ASSERT(looks_like_jwt(input) || !input.starts_with("eyJ"));
    GH_ASSERT(!check_claims(jwt->claims, {.issuer = "nobody"}));
  }
  if (const Result<json::object> object = parse_json_object(input)) {
    if (const Result<PublicKey> key = PublicKey::from_jwk(*object)) {
      GH_ASSERT(PublicKey::from_jwk(key->to_jwk()).has_value());
      GH_ASSERT(!key->verify("text", input));
    }
    (void)KeySet::from_json(*object);
    (void)check_claims(*object, {.issuer = "us"});
  }
  (void)opaque_token_end(OpaqueKind::access, input);
  (void)comparable_url(input);
  GH_ASSERT(!check_dpop(input, {.method = "GET", .url = "https://a/", .access_token = "t"}));
}

}  // namespace
}  // namespace gatehouse::jose

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gatehouse::jose::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
