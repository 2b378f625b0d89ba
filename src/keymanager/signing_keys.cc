// SPDX-License-Identifier: Apache-2.0
#include "keymanager/signing_keys.h"

#include <algorithm>
#include <optional>

#include "storage/apis/token_store.h"

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

const jose::PrivateKey& KeyRing::signer_for(jose::Algorithm algorithm) const {
  for (const jose::PrivateKey& key : signers) {
    if (key.public_key().algorithm() == algorithm) return key;
  }
  return signer();
}

bool KeyRing::signs_with(jose::Algorithm algorithm) const {
  return signer_for(algorithm).public_key().algorithm() == algorithm;
}

SigningKeys::SigningKeys(storage::Database& apis, const Clock& clock, Random& random,
                         const jose::Sealer& sealer, std::vector<jose::Algorithm> algorithms)
    : apis_(apis),
      clock_(clock),
      random_(random),
      sealer_(sealer),
      algorithms_(std::move(algorithms)) {
  GH_ASSERT(!algorithms_.empty());
}

Result<> SigningKeys::start() {
  GH_TRY(present, rows());
  std::vector<SigningKeyRow> missing;
  for (const jose::Algorithm algorithm : algorithms_) {
    const bool there = std::any_of(present.begin(), present.end(), [&](const SigningKeyRow& row) {
      return row.algorithm == jose::to_text(algorithm) && row.retire_at == Instant{};
    });
    if (there) continue;
    GH_TRY(row, make_row(algorithm, std::chrono::seconds(0)));
    missing.push_back(std::move(row));
  }
  GH_CHECK(insert(missing));
  return reload();
}

Result<> SigningKeys::reload() {
  GH_TRY(present, rows());
  const Instant now = clock_.now();
  KeyRing ring;
  std::vector<std::optional<jose::PrivateKey>> signers(algorithms_.size());
  for (const SigningKeyRow& row : present) {
    if (has_retired(row, now)) {
      GH_CHECK(remove(row));
      continue;
    }
    if (!is_published(row, now)) continue;
    GH_TRY(key, open(row));
    ring.published.add(key.public_key());
    const auto place =
        std::find(algorithms_.begin(), algorithms_.end(), key.public_key().algorithm());
    if (place == algorithms_.end()) continue;
    std::optional<jose::PrivateKey>& signer =
        signers[static_cast<std::size_t>(place - algorithms_.begin())];
    // The rows come in the order of sign_from: the last one whose time has come signs.
    if (!signer || row.sign_from <= now) signer = std::move(key);
  }
  for (std::optional<jose::PrivateKey>& signer : signers) {
    if (signer) ring.signers.push_back(*std::move(signer));
  }
  if (ring.signers.empty()) return fail(ErrorCode::internal, "There is no signing key");
  ring_.store(std::make_shared<const KeyRing>(std::move(ring)));
  return {};
}

Result<std::vector<std::string>> SigningKeys::rotate() {
  std::vector<SigningKeyRow> next;
  std::vector<std::string> kids;
  for (const jose::Algorithm algorithm : algorithms_) {
    GH_TRY(row, make_row(algorithm, head_start));
    kids.push_back(row.kid);
    next.push_back(std::move(row));
  }
  GH_TRY(present, rows());
  const Result<> written = apis_.write([&](Transaction& transaction) -> Result<> {
    storage::SigningKeyStore store(transaction);
    const Instant retire_at = next.front().sign_from + storage::token_life_max;
    for (const SigningKeyRow& row : present) {
      if (row.retire_at == Instant{}) GH_CHECK(store.retire(row, retire_at));
    }
    for (const SigningKeyRow& row : next) GH_CHECK(store.insert(row));
    return {};
  });
  GH_CHECK(written);
  GH_CHECK(reload());
  return kids;
}

Result<jose::PrivateKey> SigningKeys::open(const SigningKeyRow& row) const {
  GH_TRY(algorithm, jose::parse_algorithm(row.algorithm));
  GH_TRY(secret, sealer_.open(row.sealed, row.kid));
  return jose::PrivateKey::from_pkcs8(secret, algorithm);
}

Result<> SigningKeys::insert(const std::vector<SigningKeyRow>& rows) {
  if (rows.empty()) return {};
  return apis_.write([&](Transaction& transaction) -> Result<> {
    storage::SigningKeyStore store(transaction);
    for (const SigningKeyRow& row : rows) GH_CHECK(store.insert(row));
    return {};
  });
}

Result<> SigningKeys::remove(const SigningKeyRow& row) {
  return apis_.write(
      [&](Transaction& transaction) { return storage::SigningKeyStore(transaction).remove(row); });
}

Result<SigningKeyRow> SigningKeys::make_row(jose::Algorithm algorithm, std::chrono::seconds wait) {
  GH_TRY(key, jose::PrivateKey::generate(algorithm));
  const jose::PublicKey& visible = key.public_key();
  const Instant now = clock_.now();
  return SigningKeyRow{.tenant = model::first_tenant,
                       .kid = visible.kid(),
                       .algorithm = std::string(jose::to_text(algorithm)),
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
