// SPDX-License-Identifier: Apache-2.0
#include "keymanager/token_algorithms.h"

#include <algorithm>

#include "keymanager/client_metadata.h"
#include "storage/users/tenant_settings.h"

namespace gatehouse::keymanager {

namespace {

std::optional<jose::Algorithm> named(const std::string& name) {
  const Result<jose::Algorithm> algorithm = jose::parse_algorithm(name);
  return algorithm ? std::optional(*algorithm) : std::nullopt;
}

}  // namespace

Result<jose::Algorithm> TokenAlgorithms::of_access_token(const storage::Client& client) {
  const auto own = offered(algorithm_of(client, "access_token_signed_response_alg"));
  if (own) return *own;
  GH_TRY(choice, choice_of(client.tenant));
  return offered(choice.access_token).value_or(offered_.front());
}

Result<jose::Algorithm> TokenAlgorithms::of_id_token(const storage::Client& client) {
  const auto own = offered(algorithm_of(client, "id_token_signed_response_alg"));
  if (own) return *own;
  GH_TRY(choice, choice_of(client.tenant));
  const auto chosen = offered(choice.id_token);
  return chosen ? *chosen : offered(jose::Algorithm::rs256).value_or(offered_.front());
}

void TokenAlgorithms::forget(model::TenantNumber tenant) {
  const std::lock_guard lock(mutex_);
  ++forgotten_;
  choices_.erase(tenant);
}

Result<TokenAlgorithms::Choice> TokenAlgorithms::choice_of(model::TenantNumber tenant) {
  const Instant now = clock_.now();
  std::uint64_t forgotten = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = choices_.find(tenant);
    if (found != choices_.end() && now < found->second.until) return found->second;
    forgotten = forgotten_;
  }
  GH_TRY(settings, users_.read([&](storage::Transaction& transaction) {
    return storage::TenantSettingsStore(transaction, tenant).settings();
  }));
  const Choice choice{named(settings.signing.access_token), named(settings.signing.id_token),
                      now + lifetime};
  const std::lock_guard lock(mutex_);
  // What was read before somebody said something else is not remembered.
  if (forgotten != forgotten_) return choice;
  if (choices_.size() >= tenants_max) choices_.clear();
  choices_[tenant] = choice;
  return choice;
}

std::optional<jose::Algorithm> TokenAlgorithms::offered(
    std::optional<jose::Algorithm> wanted) const {
  const bool there =
      wanted && std::find(offered_.begin(), offered_.end(), *wanted) != offered_.end();
  return there ? wanted : std::nullopt;
}

}  // namespace gatehouse::keymanager
