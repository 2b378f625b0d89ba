// SPDX-License-Identifier: Apache-2.0
//
// The order in which a request is judged.
//
// A stage is a plain function: it reads and writes the exchange, never waits, and says how to go
// on. What it lacks it names as a need; `serve` sees to it and calls the stage again.
//
// Thread:  one event loop.
#pragma once

#include <algorithm>

#include "gateway/exchange.h"
#include "gateway/revocations.h"
#include "gateway/token_trials.h"
#include "gateway/used_proofs.h"
#include "limits/lease_table.h"

namespace gatehouse::gateway {

// What remembers validations. Both off: every call reaches the database of the key manager.
struct CacheRules {
  bool enabled = true;
  std::chrono::seconds ttl{900};           // then it is checked again, in the background
  std::chrono::seconds stale_max{86'400};  // how long it serves while nobody can be asked; 0: not
  std::chrono::seconds unknown_ttl{30};    // of tokens that nobody knows
};

// Whether what is remembered of a token may still be used.
enum class Freshness : std::uint8_t {
  fresh,
  old,  // yes, and it is checked again in the background
  useless,
};
inline Freshness freshness(const Token& token, const CacheRules& rules, Tick now) {
  const auto age = now - token.checked_at;
  if (token.state != TokenState::active) {
    return age < rules.unknown_ttl ? Freshness::fresh : Freshness::useless;
  }
  if (token.remember.count() > 0) {
    return age < std::min<Tick::duration>(token.remember, rules.ttl) ? Freshness::fresh
                                                                     : Freshness::useless;
  }
  if (token.source == TokenSource::jwt || age < rules.ttl) return Freshness::fresh;
  return age < rules.ttl + rules.stale_max && rules.stale_max.count() > 0 ? Freshness::old
                                                                          : Freshness::useless;
}

// What the stages of one worker may touch beside the exchange.
struct Surroundings {
  const CacheRules& cache_rules;
  TokenCache& tokens;
  const Revocations& revocations;
  limits::LeaseTable& leases;
  TokenTrials& trials;
  UsedProofs& used_proofs;
};

// Calls the stages from where `stage` stands, and moves it on; after a need was met, call again.
// `proceed` means that the backend may be called.
Flow run_stages(Exchange& exchange, Surroundings& surroundings, std::size_t& stage);

// The same for a call that is under way, which has its permits already: whether it would still be
// let in. There is no need of permits.
Flow judge_again(Exchange& exchange, Surroundings& surroundings, std::size_t& stage);

// When a call that judge_again has let go on is judged again: as soon as something that it stands
// on ends. Clocks may be set, so `judged_every` is the longest time; `judged_soon` is the time
// where nothing could be learned.
inline constexpr std::chrono::seconds judged_every{60};
inline constexpr std::chrono::seconds judged_soon{1};
Tick next_judgement(const Exchange& judged, const CacheRules& rules);

}  // namespace gatehouse::gateway
