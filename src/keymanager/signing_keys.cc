// SPDX-License-Identifier: Apache-2.0
#include "keymanager/signing_keys.h"

#include <optional>

namespace gatehouse::keymanager {

namespace {

using storage::SigningKeyRow;
using storage::Transaction;

bool is_published(const SigningKeyRow& row, Instant now) {
  return row.publish_at <= now && (row.retire_at == Instant{} || now < row.retire_at);
}

bool has_retired(const SigningKeyRow& row, Instant now) {
  return row.retire_at != Instant{} && row.retire_at <= now;
}

}  // namespace

SigningKeys::SigningKeys(storage::Database& apis, const Clock& clock, Random& random,
                         const jose::Sealer& sealer, jose::Algorithm algorithm)
    : apis_(apis), clock_(clock), random_(random), sealer_(sealer), algorithm_(algorithm) {}

Result<> SigningKeys::start() {
  GH_TRY(present, rows());
  if (present.empty()) {
    GH_TRY(first, make_row(std::chrono::seconds(0)));
    GH_CHECK(apis_.write([&](Transaction& transaction) {
      return storage::SigningKeyStore(transaction).insert(first);
    }));
  }
  return reload();
}

Result<> SigningKeys::reload() {
  GH_TRY(present, rows());
  const Instant now = clock_.now();
  jose::KeySet published;
  std::optional<jose::PrivateKey> signer;
  for (const SigningKeyRow& row : present) {
    if (has_retired(row, now)) {
      GH_CHECK(apis_.write([&](Transaction& transaction) {
        return storage::SigningKeyStore(transaction).remove(row);
      }));
      continue;
    }
    if (!is_published(row, now)) continue;
    GH_TRY(algorithm, jose::parse_algorithm(row.algorithm));
    GH_TRY(secret, sealer_.open(row.sealed, row.kid));
    GH_TRY(key, jose::PrivateKey::from_pkcs8(secret, algorithm));
    published.add(key.public_key());
    // The rows come in the order of sign_from: the last one whose time has come signs.
    if (!signer || row.sign_from <= now) signer = std::move(key);
  }
  if (!signer) return fail(ErrorCode::internal, "There is no signing key");
  ring_.store(std::make_shared<const KeyRing>(KeyRing{*std::move(signer), std::move(published)}));
  return {};
}

Result<std::string> SigningKeys::rotate() {
  GH_TRY(next, make_row(head_start));
  GH_TRY(present, rows());
  const Result<> written = apis_.write([&](Transaction& transaction) -> Result<> {
    storage::SigningKeyStore store(transaction);
    for (const SigningKeyRow& row : present) {
      if (row.retire_at != Instant{}) continue;
      GH_CHECK(store.retire(row, next.sign_from + std::chrono::seconds(token_seconds_max)));
    }
    return store.insert(next);
  });
  GH_CHECK(written);
  GH_CHECK(reload());
  return next.kid;
}

Result<SigningKeyRow> SigningKeys::make_row(std::chrono::seconds wait) {
  GH_TRY(key, jose::PrivateKey::generate(algorithm_));
  const jose::PublicKey& visible = key.public_key();
  const Instant now = clock_.now();
  return SigningKeyRow{.tenant = model::first_tenant,
                       .kid = visible.kid(),
                       .algorithm = std::string(jose::to_text(algorithm_)),
                       .public_jwk = visible.to_jwk(),
                       .sealed = sealer_.seal(key.to_pkcs8(), visible.kid(), random_),
                       .publish_at = now,
                       .sign_from = now + wait};
}

Result<std::vector<SigningKeyRow>> SigningKeys::rows() const {
  return apis_.read(
      [](Transaction& transaction) { return storage::SigningKeyStore(transaction).list(); });
}

}  // namespace gatehouse::keymanager
