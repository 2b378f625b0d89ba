// SPDX-License-Identifier: Apache-2.0
//
// Says what a token is worth that another server has issued, by asking its introspection endpoint.
//
// Which servers are asked: those of the tenant that have the endpoint, and whose pattern the token
// fits (tokenValidation of the key manager) or whose issuer it names; healthy ones first, each with
// a deadline and a circuit of its own. An answer is remembered for as long as the key manager's
// `cache_seconds` says, so that a token that is taken back there is refused here after that time.
//
// Thread:  pool threads; blocks for `deadline` for each server that does not answer.
// Memory:  at most `entries_max` answers.
// Source:  RFC 7662.
#pragma once

#include <map>
#include <mutex>

#include "http/fetcher.h"
#include "keymanager/foreign/circuit.h"
#include "keymanager/options.h"
#include "storage/apis/key_manager_store.h"

namespace gatehouse::keymanager {

class ProviderTokens {
 public:
  static constexpr std::chrono::milliseconds deadline{1'000};
  static constexpr std::size_t entries_max = 20'000;
  static constexpr std::int64_t cache_seconds_usual = 60;
  static constexpr std::int64_t cache_seconds_max = 900;

  explicit ProviderTokens(const Resources& resources);

  // Inactive, when no server knows the token.
  // Error: unavailable, when one that might know it does not answer.
  Result<model::Validation> validate(model::TenantNumber tenant, const std::string& token);

 private:
  struct Entry {
    model::Validation validation;
    std::string provider_id;
    std::int64_t version = 0;
    Instant until{};
  };

  Result<model::Validation> ask(const storage::KeyManagerRow& provider, const std::string& token);
  Result<json::object> introspect(const storage::KeyManagerRow& provider,
                                  const std::string& token) const;
  std::vector<storage::KeyManagerRow> candidates(std::vector<storage::KeyManagerRow> providers,
                                                 const std::string& token);
  bool enter(const std::string& provider_id);
  void leave(const std::string& provider_id, Outcome outcome);
  std::optional<model::Validation> remembered(const std::string& key,
                                              const std::vector<storage::KeyManagerRow>& providers);
  void remember(const std::string& key, const storage::KeyManagerRow& provider,
                const model::Validation& validation);

  storage::Database& apis_;
  const Clock& clock_;
  http::Fetcher& fetcher_;
  const jose::Sealer& sealer_;
  std::mutex mutex_;
  std::map<std::string, Circuit> circuits_;  // guarded by mutex_, as is the next
  std::map<std::string, Entry> entries_;

  Counter& asked_;
  Counter& failed_;
  Counter& hits_;
};

}  // namespace gatehouse::keymanager
