// SPDX-License-Identifier: Apache-2.0
#include "app/join_token.h"

#include <fmt/format.h>

#include "core/digest.h"
#include "core/text.h"

namespace gatehouse::app {

namespace {

constexpr std::string_view prefix = "ghj1_";

}  // namespace

JoinToken JoinToken::make(std::string_view authorities_pem, Random& random) {
  return {.secret = random.bytes(secret_size), .authorities = to_bytes(sha256(authorities_pem))};
}

Result<JoinToken> JoinToken::parse(std::string_view text) {
  const std::string_view coded =
      text.starts_with(prefix) ? text.substr(prefix.size()) : std::string_view();
  const Result<std::string> bytes = from_base64url(coded);
  if (!bytes || bytes->size() != secret_size + Sha256().size()) {
    return fail(ErrorCode::invalid_argument,
                "TOKEN: not one that `gatehouse cluster join-token` has printed");
  }
  return JoinToken{.secret = bytes->substr(0, secret_size),
                   .authorities = bytes->substr(secret_size)};
}

std::string JoinToken::text() const {
  return std::string(prefix) + to_base64url(secret + authorities);
}

std::string seal_of(std::string_view cluster_key, std::string_view token_hash,
                    const storage::JoiningNode& node) {
  const std::string text = fmt::format("{}\n{}\n{}\n{}", token_hash, node.name,
                                       join(node.profiles, ","), join(node.environments, ","));
  return to_hex(to_bytes(hmac_sha256(hkdf_sha256(cluster_key, "join tokens"), text)));
}

}  // namespace gatehouse::app
