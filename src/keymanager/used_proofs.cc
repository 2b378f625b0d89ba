// SPDX-License-Identifier: Apache-2.0
#include "keymanager/used_proofs.h"

#include "core/digest.h"
#include "storage/apis/used_proof_store.h"

namespace gatehouse::keymanager {

Result<bool> UsedProofs::use(const ProofId& proof) {
  // Lengths keep two parts from passing for two others.
  const std::string hash =
      to_bytes(sha256(fmt::format("{}\n{}\n{}\n{}\n{}", proof.purpose, proof.owner.size(),
                                  proof.owner, proof.jti.size(), proof.jti)));
  return apis_.write([&](storage::Transaction& transaction) {
    return storage::UsedProofStore(transaction).use(proof.tenant, hash, proof.expires_at);
  });
}

}  // namespace gatehouse::keymanager
