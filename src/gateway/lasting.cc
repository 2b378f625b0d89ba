// SPDX-License-Identifier: Apache-2.0
//
// The part of a conversation that has to do with calls that last: judging them again, and ending
// them.
#include "gateway/conversation.h"

namespace gatehouse::gateway {

namespace {

// No verdict on the call, only on the moment.
bool is_passing(FaultCode code) {
  return code == FaultCode::key_manager_unavailable || code == FaultCode::too_many_tokens;
}

}  // namespace

// The same request as of now. Its proof of possession has been used and is not asked for again.
std::unique_ptr<Exchange> Conversation::exchange_again(const SnapshotUse& snapshot) {
  auto again = std::make_unique<Exchange>();
  again->begin(connection_.head());
  again->judged_before = true;
  again->client = exchange_.client;
  again->tls = exchange_.tls;
  again->tls_before_proxy = exchange_.tls_before_proxy;
  again->certificate_thumbprint = exchange_.certificate_thumbprint;
  again->path = exchange_.path;
  again->arrived = again->turn = worker_.loop().tick();
  again->now = worker_.now();
  find_route(*again, snapshot);
  const Token* verdict = exchange_.verdict.get();
  if (verdict == nullptr || exchange_.credential_kind != Credential::token) return again;
  Surroundings& around = worker_.surroundings();
  if (freshness(*verdict, around.cache_rules, again->turn) == Freshness::fresh &&
      around.revocations.check(exchange_.credential_hash, *verdict, verdict->revocation) ==
          Revoked::no) {
    again->verdict = std::make_unique<Token>(*verdict);
  }
  return again;
}

bool Conversation::is_remembered() {
  if (exchange_.credential_kind != Credential::token) return true;
  Surroundings& around = worker_.surroundings();
  if (const Token* verdict = exchange_.verdict.get()) {
    return around.revocations.check(exchange_.credential_hash, *verdict, verdict->revocation) ==
           Revoked::no;
  }
  const Token* token = around.tokens.find(exchange_.credential_hash);
  return token != nullptr && token->state == TokenState::active;
}

void Conversation::judge_again() {
  if (judging_.size() > 0) {
    judge_once_more_ = true;
  } else {
    judging_.spawn(judge());
  }
}

net::Task<> Conversation::judge() {
  do {
    judge_once_more_ = false;
    const SnapshotUse snapshot = worker_.snapshot();
    const std::unique_ptr<Exchange> again = exchange_again(snapshot);
    std::size_t stage = 0;
    Flow flow = gateway::judge_again(*again, worker_.surroundings(), stage);
    for (unsigned needs = 0; flow == Flow::need_credential; ++needs) {
      if (is_revoked(*again)) {
        revoked();
        co_return;
      }
      if (needs == needs_max) {
        flow = again->fail(FaultCode::key_manager_unavailable);
      } else {
        co_await meet_credential(*again);
        again->turn = worker_.loop().tick();
        again->now = worker_.now();
        flow = gateway::judge_again(*again, worker_.surroundings(), stage);
      }
    }
    if (again->recheck) worker_.keys().recheck(again->credential, again->credential_hash);
    if (flow == Flow::proceed) {
      go_over_to(snapshot, *again);
      worker_.live_calls().hold(*this, again->token, again->credential_hash,
                                next_judgement(*again, worker_.surroundings().cache_rules));
    } else if (is_passing(again->fault.code)) {
      worker_.live_calls().hold(*this, nullptr, again->credential_hash, again->turn + judged_soon);
    } else {
      if (status_ == 0) exchange_.fields = std::move(again->fields);
      end_call(again->fault);
    }
  } while (judge_once_more_);
}

// What this worker knows need not be asked for, and holds while the key manager is away.
bool Conversation::is_revoked(const Exchange& judged) {
  if (judged.credential_kind != Credential::token) return false;
  const Token nobody;
  const Token* const verdict = exchange_.verdict.get();
  return worker_.surroundings().revocations.check(
             judged.credential_hash, verdict == nullptr ? nobody : *verdict, 0) == Revoked::yes;
}

// An old snapshot does not live as long as the calls that began under it. Until the answer begins,
// the call holds on to the backend that it was given.
void Conversation::go_over_to(const SnapshotUse& snapshot, const Exchange& judged) {
  if (status_ == 0) return;
  exchange_.snapshot = judged.snapshot;
  exchange_.snapshot_number = judged.snapshot_number;
  exchange_.api = judged.api;
  exchange_.rest = judged.rest;
  exchange_.operation = judged.operation;
  exchange_.api_key = judged.api_key;
  exchange_.certificate = judged.certificate;
  exchange_.standing = judged.standing;
  exchange_.backends = judged.backends;
  snapshot_ = snapshot;
}

void Conversation::revoked() {
  Fault fault;
  fault.code = FaultCode::invalid_credentials;
  end_call(fault);
}

// Whoever waits for the backend or the client goes on, with an error, and finds ended().
void Conversation::end_call(const Fault& fault) {
  if (ended()) return;
  ended_by_ = fault.code;
  ended_status_ = fault.status;
  worker_.metrics().ended_calls->add();
  if (connecting_ != nullptr) return connecting_->notify_all();
  if (relay_) return relay_->end(http::CloseCode::policy_violation);
  if (upstream_) {
    upstream_->spoil();
    upstream_->stream().close();
  }
  // Half an answer must not look like a whole one; without a beginning of it, the fault is told.
  if (status_ != 0) connection_.stream().close();
}

}  // namespace gatehouse::gateway
