// SPDX-License-Identifier: Apache-2.0
#include "gateway/backend_trust.h"

#include <algorithm>

#include "core/digest.h"

namespace gatehouse::gateway {

namespace {

std::string name_of(const std::vector<std::string>& certificates) {
  std::string digests;
  for (const std::string& pem : certificates) digests += sha256_hex(pem);
  return sha256_hex(digests);
}

}  // namespace

Result<TlsTrust> BackendTrust::with(std::vector<std::string> certificates) {
  if (certificates.empty() || everywhere_ == nullptr) return everywhere_;
  std::sort(certificates.begin(), certificates.end());
  certificates.erase(std::unique(certificates.begin(), certificates.end()), certificates.end());
  std::weak_ptr<const net::TlsClient>& made = made_[name_of(certificates)];
  if (TlsTrust there = made.lock()) return there;
  GH_TRY(wider, everywhere_->also_trusting(std::move(certificates)));
  made = wider;
  forget_unused();
  return wider;
}

// Each time that there are twice as many, so that a change costs the same whatever their number.
void BackendTrust::forget_unused() {
  if (made_.size() < looked_over_at_) return;
  std::erase_if(made_, [](const auto& entry) { return entry.second.expired(); });
  looked_over_at_ = std::max<std::size_t>(64, 2 * made_.size());
}

}  // namespace gatehouse::gateway
