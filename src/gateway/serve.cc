// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/text.h"
#include "gateway/conversation.h"
#include "gateway/own_endpoints.h"
#include "http/peer.h"
#include "http/target.h"

namespace gatehouse::gateway {

namespace {

Trust trust_of(const net::Address& peer, const std::vector<net::Network>& proxies) {
  const bool trusted =
      std::any_of(proxies.begin(), proxies.end(),
                  [&](const net::Network& network) { return network.contains(peer); });
  return trusted ? Trust::proxy : Trust::none;
}

// What an answer of the control plane depends on, and how long a gateway waits for it.
constexpr std::string_view change_field = "Gatehouse-Change";
constexpr std::chrono::milliseconds behind_max{200};

// As cnf.x5t#S256 has it; empty for none.
std::string thumbprint_of(std::string_view certificate) {
  return certificate.empty() ? std::string() : to_base64url(to_bytes(sha256(certificate)));
}

}  // namespace

Conversation::Conversation(Worker& worker, std::unique_ptr<net::Stream> stream)
    : worker_(worker),
      connection_(std::move(stream), worker.options().connection, worker.blocks(), worker.drain()) {
  const net::Address& peer = connection_.stream().peer().address;
  trust_ = trust_of(peer, worker.options().trusted_proxies);
  socket_address_ = peer.text();
  client_address_ = socket_address_;
  exchange_.client = peer;
  exchange_.tls = connection_.stream().is_tls();
  exchange_.certificate_thumbprint = thumbprint_of(connection_.stream().peer_certificate());
}

// What a call does without waiting has no coroutine of its own: each costs as much as a stage.
net::Task<> Conversation::run() {
  for (;;) {
    const http::Arrival arrival = co_await connection_.read_head();
    if (arrival == http::Arrival::closed) co_return;
    if (arrival == http::Arrival::refused) {
      co_await refuse_head();
      co_await connection_.finish();
      co_return;
    }
    Flow flow = begin_call();
    if (flow > Flow::answer) flow = co_await meet_needs(flow);
    if (flow == Flow::answer && number_ahead() > 0) flow = co_await judge_when_known();
    ask_by_the_way();
    if (flow == Flow::proceed) {
      worker_.live_calls().begin(*this);
      co_await call_backend();
      worker_.live_calls().end(*this);
      if (judging_.size() > 0) judging_.cancel();
    }
    if (own_path_) co_await answer_own_path();
    if (status_ == 0 && connection_.stream().is_open()) co_await write_own_answer();
    record();
    snapshot_ = {};
    if (connection_.finish_at_once()) continue;
    const bool goes_on = co_await connection_.finish();
    if (!goes_on) co_return;
  }
}

// A head that is not HTTP as we take it: nothing of it is believed, its Accept included.
net::Task<> Conversation::refuse_head() {
  connection_.decide_persistence();
  const http::Refusal& refusal = connection_.refusal();
  Fault fault;
  fault.code = static_cast<FaultCode>(refusal.status);
  fault.description = refusal.reason;
  const std::string body = fault_body(fault, FaultForm::json, worker_.now());
  OwnAnswer answer;
  answer.status = refusal.status;
  answer.content_type = content_type(FaultForm::json);
  answer.body = body;
  answer.persists = false;
  out_.clear();
  append_own_answer(out_, answer,
                    call_ids(http::RequestHead(), worker_.next_id(), worker_.next_id()));
  worker_.metrics().requests[4]->add();
  // The connection ends whether the client takes the answer or not.
  const Result<> written = co_await connection_.write(out_);
  static_cast<void>(written);
}

// As far as it goes without waiting.
Flow Conversation::begin_call() {
  ids_ = call_ids(connection_.head(), worker_.next_id(), worker_.next_id());
  status_ = 0;
  request_bytes_ = response_bytes_ = 0;
  backend_began_ = backend_ended_ = Tick{};
  ended_by_ = FaultCode{};
  stage_ = 0;
  own_path_ = false;
  if (!begin_exchange()) return Flow::answer;
  own_path_ = exchange_.api == nullptr && is_own_path(exchange_.path);
  return own_path_ ? Flow::answer : run_stages(exchange_, worker_.surroundings(), stage_);
}

net::Task<Flow> Conversation::meet_needs(Flow flow) {
  for (unsigned needs = 0; flow > Flow::answer; ++needs) {
    if (needs == needs_max) co_return exchange_.fail(FaultCode::key_manager_unavailable);
    if (flow == Flow::need_credential) co_await meet_credential(exchange_);
    if (flow == Flow::need_permit) co_await meet_permit();
    exchange_.turn = worker_.loop().tick();
    flow = run_stages(exchange_, worker_.surroundings(), stage_);
  }
  co_return flow;
}

// What the stages want to know for the calls to come.
void Conversation::ask_by_the_way() {
  worker_.leases().speak();
  if (!exchange_.recheck) return;
  worker_.metrics().stale_tokens->add();
  worker_.keys().recheck(exchange_.credential, exchange_.credential_hash);
}

// Once this worker knows the change that the client names, or when it has waited long enough.
net::Task<Flow> Conversation::judge_when_known() {
  Flow flow = Flow::answer;
  for (std::uint64_t named = number_ahead(); named > 0; named = number_ahead()) {
    const bool known = co_await worker_.stands_at(named, worker_.loop().tick() + behind_max);
    if (!known || !begin_exchange()) co_return flow;
    stage_ = 0;
    flow = run_stages(exchange_, worker_.surroundings(), stage_);
    if (flow > Flow::answer) flow = co_await meet_needs(flow);
    if (flow == Flow::proceed) co_return flow;
  }
  co_return flow;
}

// The change that the client names, if it may be the reason why there is no such thing or no right
// to it: one that this worker has not heard of. Else 0. Nothing has been taken from a limit then.
std::uint64_t Conversation::number_ahead() const {
  if (!exchange_.failed()) return 0;
  const std::uint16_t status = status_of(exchange_.fault);
  if (status != 403 && status != 404) return 0;
  const http::RequestHead& head = connection_.head();
  const auto* field = head.find(change_field);
  if (field == nullptr) return 0;
  const std::uint64_t named = parse_number(head.value(*field)).value_or(0);
  const Snapshot* known = snapshot_.get();
  return known != nullptr && named > known->number() ? named : 0;
}

// Finds the route. False when there is a fault to answer.
bool Conversation::begin_exchange() {
  const http::RequestHead& head = connection_.head();
  exchange_.begin(head);
  exchange_.arrived = exchange_.turn = worker_.loop().tick();
  exchange_.now = worker_.now();
  note_client();
  const std::span<char> room = worker_.loop().scratch();
  const Result<std::string_view> path = http::normalise_path(head.path(), room);
  if (!path) {
    exchange_.path = {};
    exchange_.fail(FaultCode::bad_request);
    return false;
  }
  exchange_.path = *path;
  if (path->data() >= room.data() && path->data() < room.data() + room.size()) {
    path_ = *path;  // the scratch is everybody's after the next wait
    exchange_.path = path_;
  }
  if (!connection_.limit_body(worker_.options().body_bytes_max)) {
    exchange_.fail(static_cast<FaultCode>(413));
    return false;
  }
  snapshot_ = worker_.snapshot();
  if (snapshot_.get() == nullptr) {
    if (is_own_path(exchange_.path)) return true;
    exchange_.fail(static_cast<FaultCode>(503));
    return false;
  }
  find_route(exchange_, snapshot_);
  return true;
}

void Conversation::find_route(Exchange& exchange, const SnapshotUse& snapshot) {
  exchange.snapshot = snapshot.get();
  exchange.snapshot_number = snapshot.number();
  const RouteTable::Found found = exchange.snapshot->routes().find(exchange.path);
  if (found.api == nullptr) return;
  exchange.api = found.api;
  exchange.rest = exchange.path.substr(found.context_size);
  exchange.operation = found.api->find(exchange.rest, exchange.head->method_text());
}

// Behind a trusted proxy each request may come from somebody else.
void Conversation::note_client() {
  if (trust_ == Trust::none) return;
  if (worker_.options().forwarded_certificates) {
    exchange_.certificate_thumbprint = thumbprint_of(client_certificate());
  }
  exchange_.tls_before_proxy =
      equals_ignoring_case(connection_.head().value(http::FieldId::x_forwarded_proto), "https");
  const net::Address client = http::client_address(
      connection_.head(), connection_.stream().peer().address, worker_.options().trusted_proxies);
  if (client == exchange_.client) return;
  exchange_.client = client;
  client_address_ = client.text();
}

// DER; empty when the client has shown none. The certificate of a proxy is not the client's.
std::string Conversation::client_certificate() const {
  const bool forwarded = trust_ == Trust::proxy && worker_.options().forwarded_certificates;
  return forwarded ? http::forwarded_certificate(connection_.head())
                   : connection_.stream().peer_certificate();
}

net::Task<> Conversation::meet_credential(Exchange& exchange) {
  worker_.metrics().token_misses->add();
  Result<Token> token = co_await worker_.keys().resolve(
      exchange.credential, exchange.credential_hash, exchange.asked_for);
  if (token) {
    const CacheRules& rules = worker_.options().cache_rules;
    if (rules.enabled && freshness(*token, rules, worker_.loop().tick()) == Freshness::old) {
      worker_.metrics().stale_tokens->add();
    }
    exchange.verdict = std::make_unique<Token>(*std::move(token));
  } else {
    exchange.verdict = worker_.recall(exchange.credential_hash);
    exchange.key_manager_failed = exchange.verdict == nullptr;
  }
}

net::Task<> Conversation::meet_permit() {
  const Tick deadline = worker_.loop().tick() + worker_.options().permit_timeout;
  exchange_.token = nullptr;  // may be forgotten meanwhile; nothing needs it any more
  const bool answered = co_await worker_.leases().wait(exchange_.permit, deadline);
  exchange_.permit_unanswered = !answered;
}

net::Task<> Conversation::write_own_answer() {
  const FaultForm form = fault_form(connection_.head().value(http::FieldId::accept));
  std::string body;
  OwnAnswer answer;
  answer.status = exchange_.answer_status;
  if (exchange_.failed()) {
    exchange_.fields += fault_fields(exchange_.fault);
    body = fault_body(exchange_.fault, form, exchange_.now);
    answer.status = status_of(exchange_.fault);
    answer.content_type = content_type(form);
  }
  answer.body = body;
  answer.fields = exchange_.fields;
  answer.persists = connection_.decide_persistence();
  answer.head = &connection_.head();
  status_ = answer.status;
  response_bytes_ = body.size();
  out_.clear();
  append_own_answer(out_, answer, ids_);
  const Result<> written = co_await connection_.write(out_);
  if (!written) connection_.end_after_answer();
}

void Conversation::record() {
  const WorkerMetrics& metrics = worker_.metrics();
  if (exchange_.passed_unlimited > 0) metrics.passed_unlimited->add(exchange_.passed_unlimited);
  const auto latency = worker_.loop().tick() - exchange_.arrived;
  const auto backend = backend_ended_ - backend_began_;
  if (status_ == 0) status_ = 499;  // the client left before there was an answer
  metrics.requests[static_cast<std::size_t>(status_ / 100)]->add();
  metrics.latency->observe(latency);
  if (exchange_.credential_kind == Credential::token && !exchange_.verdict &&
      !exchange_.key_manager_failed) {
    metrics.token_hits->add();
  }

  const auto fault_code = static_cast<std::uint32_t>(exchange_.fault.code);
  AccessLine line;
  line.at = exchange_.now;
  line.client = client_address_;
  line.method = connection_.head().method_text();
  line.path = exchange_.path;
  line.status = status_;
  line.fault_code = fault_code;
  line.activity_id = ids_.activity();
  line.request_bytes = request_bytes_;
  line.response_bytes = response_bytes_;
  line.latency = std::chrono::duration_cast<std::chrono::microseconds>(latency);
  line.backend_latency = std::chrono::duration_cast<std::chrono::microseconds>(backend);
  if (exchange_.api != nullptr) {
    line.api_id = exchange_.api->deployed.id;
    if (exchange_.operation != nullptr) line.resource = exchange_.operation->target;
    const Standing& standing = exchange_.standing;
    if (standing.application != nullptr) line.application_id = standing.application->known.id;
    worker_.usage().add({exchange_.api, exchange_.operation, standing.application,
                         standing.key_type, status_, fault_code, request_bytes_, response_bytes_,
                         latency, backend, exchange_.now});
  }
  worker_.log().add(line);
}

}  // namespace gatehouse::gateway
