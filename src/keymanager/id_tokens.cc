// SPDX-License-Identifier: Apache-2.0
#include "keymanager/id_tokens.h"

#include "keymanager/lifetime.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::int64_t seconds_default = 3600;
constexpr std::string_view token_type = "JWT";

}  // namespace

Result<std::string> IdTokens::issue(const Identification& identification) const {
  const storage::Client& client = identification.client;
  GH_TRY(wanted, algorithms_.of_id_token(client));
  const std::shared_ptr<const KeyRing> ring = keys_.current();
  const jose::PrivateKey& signer = ring->signer_for(wanted);
  const jose::Algorithm algorithm = signer.public_key().algorithm();

  const std::int64_t now = to_ms(clock_.now()) / 1000;
  const std::int64_t lifetime =
      bounded_seconds(number_or(client.document, "id_token_expiry_time", 0), seconds_default);
  json::object claims{{"iss", issuer_},          {"sub", identification.user_id},
                      {"aud", client.client_id}, {"azp", client.client_id},
                      {"exp", now + lifetime},   {"iat", now}};
  const TokenDetails login{.sign_on = identification.sign_on,
                           .session = std::string(identification.session)};
  for (auto& [name, value] : to_json(login)) claims[name] = std::move(value);
  const std::string& nonce = identification.sign_on.nonce;
  if (!nonce.empty()) claims["nonce"] = nonce;
  if (!identification.access_token.empty()) {
    claims["at_hash"] = jose::half_hash(algorithm, identification.access_token);
  }
  if (!identification.code.empty()) {
    claims["c_hash"] = jose::half_hash(algorithm, identification.code);
  }
  return jose::sign(signer, token_type, claims);
}

Result<json::object> claims_of_hint(std::string_view text, const jose::KeySet& published,
                                    std::string_view issuer) {
  GH_TRY(hint, jose::verify(text, published));
  // What userinfo signs has this type as well, but no end.
  const bool is_id_token = hint.type == token_type && hint.claims.contains("exp");
  if (!is_id_token || text_or(hint.claims, "iss", "") != issuer) {
    return fail(ErrorCode::unauthenticated, "The hint is no ID token of this server");
  }
  return std::move(hint.claims);
}

}  // namespace gatehouse::keymanager
