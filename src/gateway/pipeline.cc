// SPDX-License-Identifier: Apache-2.0
#include "gateway/pipeline.h"

#include <array>

#include "gateway/stages/stages.h"

namespace gatehouse::gateway {

namespace {

using Stage = Flow (*)(Exchange&, Surroundings&);

constexpr std::array<Stage, 8> order{
    // A blocked API says so to everybody, preflights included.
    stages::state,
    // A browser's preflight carries no credential, so it is answered before one is asked for; and
    // every later answer needs the CORS fields, or the browser hides it from its page.
    stages::cors,
    // What does not exist needs no credential to be told so: 404 and 405 cost the client nothing.
    stages::resource,
    // Whether the request is one that this API takes shows without knowing who calls, and decides
    // where the credential may be.
    stages::upgrade,
    // Everything below depends on who calls.
    stages::authenticate,
    // A caller who may not call spends nobody's quota.
    stages::authorise,
    // Neither does a call that no backend of this API could take.
    stages::endpoint,
    // Last, since a permit that is taken is spent: nothing after it refuses.
    stages::throttle,
};

// A template, so that the stages are called by name.
template <std::size_t end>
Flow run_up_to(Exchange& exchange, Surroundings& surroundings, std::size_t& stage) {
  for (; stage < end; ++stage) {
    const Flow flow = order[stage](exchange, surroundings);
    if (flow != Flow::proceed) return flow;
  }
  return Flow::proceed;
}

}  // namespace

Flow run_stages(Exchange& exchange, Surroundings& surroundings, std::size_t& stage) {
  return run_up_to<order.size()>(exchange, surroundings, stage);
}

Flow judge_again(Exchange& exchange, Surroundings& surroundings, std::size_t& stage) {
  static_assert(order.back() == stages::throttle);
  const Flow flow = run_up_to<order.size() - 1>(exchange, surroundings, stage);
  // Now it would be answered as a preflight: the operation that it called has gone.
  const bool is_preflight = flow == Flow::answer && !exchange.failed();
  return is_preflight ? stages::resource(exchange, surroundings) : flow;
}

Tick next_judgement(const Exchange& judged, const CacheRules& rules) {
  // Keys of the try-out console live for a minute.
  Tick::duration left = judged.credential_kind == Credential::test_key ? judged_soon : judged_every;
  const auto end_at = [&](Instant end) {
    if (end == Instant{}) return;
    const auto time = std::min<std::chrono::milliseconds>(end - judged.now, judged_every);
    left = std::min<Tick::duration>(left, time);
  };
  if (const Token* token = judged.token) {
    end_at(token->expires_at);
    if (token->remember.count() > 0) {
      left = std::min(left, token->checked_at + std::min(token->remember, rules.ttl) - judged.turn);
    }
  }
  if (judged.api_key != nullptr) end_at(judged.api_key->known.expires_at);
  const Certificate* shown = judged.api->certificate(judged.certificate_thumbprint, judged.now);
  if (shown != nullptr) end_at(shown->known.not_after);
  // What is over already was let through all the same: nobody knew better.
  return judged.turn + (left.count() > 0 ? left : judged_soon);
}

void Exchange::begin(const http::RequestHead& its_head) {
  head = &its_head;
  path = {};
  snapshot = nullptr;
  snapshot_number = 0;
  api = nullptr;
  rest = {};
  operation = nullptr;
  judged_before = false;
  websocket = false;
  credential_kind = Credential::none;
  credential = {};
  token = nullptr;
  asked_for = 0;
  verdict.reset();
  key_manager_failed = false;
  recheck = false;
  api_key = nullptr;
  certificate = nullptr;
  api_key_in_query = false;
  dpop = false;
  standing = Standing{};
  backends = nullptr;
  permit.clear();
  permit_asked = false;
  permit_unanswered = false;
  passed_unlimited = 0;
  fault = Fault{};
  answer_status = 0;
  fields.clear();
}

}  // namespace gatehouse::gateway
