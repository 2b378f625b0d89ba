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
  return run_up_to<order.size() - 1>(exchange, surroundings, stage);
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
