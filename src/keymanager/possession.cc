// SPDX-License-Identifier: Apache-2.0
#include "keymanager/possession.h"

#include "core/digest.h"
#include "core/text.h"
#include "jose/dpop.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::chrono::minutes nonce_age_max{5};
constexpr std::string_view nonce_context = "dpop-nonce";

}  // namespace

Possession::Possession(const Resources& resources, const Options& options, UsedProofs& used)
    : clock_(resources.clock),
      random_(resources.random),
      sealer_(resources.sealer),
      used_(used),
      base_url_(options.base_url),
      nonces_(options.dpop_nonce) {}

Result<Possession::Shown> Possession::shown_by(const http::Request& request,
                                               std::string_view access_token) {
  Shown shown;
  if (!request.peer.certificate.empty()) {
    shown.certificate_thumbprint = to_base64url(to_bytes(sha256(request.peer.certificate)));
  }
  const std::size_t proofs = request.headers.count("DPoP");
  if (proofs == 0) return shown;
  if (proofs > 1) return refuse(invalid_dpop_proof, "DPoP is there twice");
  const std::string url = base_url_ + request.path;
  const Result<jose::DpopProof> proof = jose::check_dpop(
      request.headers.value_or("DPoP", ""),
      {.method = request.method, .url = url, .access_token = access_token, .now = clock_.now()});
  if (!proof) return refuse(invalid_dpop_proof, proof.error().message, proof.error().detail);
  GH_CHECK(check_nonce(proof->nonce));
  GH_TRY(first, used_.use({.purpose = "dpop",
                           .owner = proof->thumbprint,
                           .jti = proof->jti,
                           .expires_at = proof->issued_at + 2 * jose::dpop_age_max}));
  if (!first) return refuse(invalid_dpop_proof, "The DPoP proof was used before");
  shown.key_thumbprint = proof->thumbprint;
  return shown;
}

Result<> Possession::check(const Shown& shown, const model::Validation& token) {
  if (!equals_in_constant_time(shown.key_thumbprint, token.key_thumbprint)) {
    return refuse(invalid_token, token.key_thumbprint.empty()
                                     ? "The access token is bound to no key"
                                     : "The access token is bound to a key that was not shown");
  }
  const bool certified =
      token.certificate_thumbprint.empty() ||
      equals_in_constant_time(shown.certificate_thumbprint, token.certificate_thumbprint);
  if (!certified) {
    return refuse(invalid_token, "The access token is bound to another client certificate");
  }
  return {};
}

// A nonce is the time, sealed: any node reads what another one gave out, and none remembers any.
void Possession::offer_nonce(http::Response& response) {
  if (nonces_ == DpopNonce::off) return;
  const std::string time = std::to_string(to_ms(clock_.now()));
  response.headers.set("DPoP-Nonce", to_base64url(sealer_.seal(time, nonce_context, random_)));
}

Result<> Possession::check_nonce(std::string_view nonce) const {
  if (nonces_ == DpopNonce::off) return {};
  const auto again = [] { return refuse(use_dpop_nonce, "Take the nonce of this answer"); };
  const Result<std::string> sealed = from_base64url(nonce);
  if (nonce.empty() || !sealed) return again();
  const Result<std::string> time = sealer_.open(*sealed, nonce_context);
  if (!time) return again();
  const std::optional<std::uint64_t> ms = parse_number(*time);
  if (!ms) return again();
  const Instant made = from_ms(static_cast<std::int64_t>(*ms));
  if (made + nonce_age_max < clock_.now()) return again();
  return {};
}

}  // namespace gatehouse::keymanager
