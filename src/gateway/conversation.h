// SPDX-License-Identifier: Apache-2.0
//
// One client connection: its requests, one after the other, from head to answer.
//
//   read head → canonical path → route → stages → backend, streaming both ways → answer → record
//
// A request whose token is remembered and whose limits have permits at hand is written to its
// backend without having waited for anything.
//
// Thread:  one event loop.
// Memory:  about 4 KiB and a buffer while a message is under way; a warm connection allocates
//          nothing per request.
#pragma once

#include <memory>
#include <string>

#include "gateway/exchange.h"
#include "gateway/forward.h"
#include "gateway/live_calls.h"
#include "gateway/pieces.h"
#include "gateway/relay.h"
#include "gateway/worker.h"
#include "http/connection.h"
#include "http/upstream.h"
#include "net/condition.h"

namespace gatehouse::gateway {

class Conversation final : private LiveCall {
 public:
  // `worker` outlives it.
  Conversation(Worker& worker, std::unique_ptr<net::Stream> stream);

  // Ends with the connection.
  net::Task<> run();

 private:
  static constexpr unsigned needs_max = 4;  // of one request, before it is given up

  // --- serve.cc: from head to verdict, and what the gateway answers itself
  std::uint64_t number_ahead() const;
  net::Task<Flow> judge_when_known();
  net::Task<> refuse_head();
  Flow begin_call();
  bool begin_exchange();
  net::Task<Flow> meet_needs(Flow flow);
  void ask_by_the_way();
  void note_client();
  std::string client_certificate() const;
  static void find_route(Exchange& exchange, const SnapshotUse& snapshot);
  net::Task<> meet_credential(Exchange& exchange);
  net::Task<> meet_permit();
  net::Task<> write_own_answer();
  void record();

  // --- call_backend.cc
  net::Task<> call_backend();
  struct Connecting;
  net::Task<bool> connect(const http::Origin& origin);
  static net::Task<> connect_for(Connecting& connecting);
  net::Task<bool> begin_upload();
  net::Task<> upload();
  Chunks begin_answer();
  void end_answer(bool whole);
  net::Task<bool> relay_body(Chunks chunks);
  net::Task<> relay_websocket();
  void keep_head_aside();
  bool may_repeat() const;
  Tick backend_deadline() const;
  void fail_upload();
  void fail_exchange();

  // --- lasting.cc: the call while it lasts
  bool is_remembered() override;
  void judge_again() override;
  void revoked() override;
  net::Task<> judge();
  bool is_revoked(const Exchange& judged);
  std::unique_ptr<Exchange> exchange_again(const SnapshotUse& snapshot);
  void go_over_to(const SnapshotUse& snapshot, const Exchange& judged);
  void end_call(const Fault& fault);
  bool ended() const { return ended_by_ != FaultCode{}; }

  // --- own_endpoints.cc
  net::Task<> answer_own_path();
  net::Task<> answer_health();
  net::Task<> pass_to_key_manager(std::string_view target);
  net::Task<Result<std::string>> collect_body();

  Worker& worker_;
  http::Connection connection_;
  Trust trust_ = Trust::none;  // of the socket's peer
  std::string socket_address_;
  std::string client_address_;  // as text, of exchange_.client

  // Of the request under way.
  Exchange exchange_;
  SnapshotUse snapshot_;
  std::size_t stage_ = 0;  // the one that comes next
  bool own_path_ = false;  // the gateway serves it itself
  CallIds ids_;
  std::string path_;  // canonical, when it differs from what was sent
  int status_ = 0;
  std::uint64_t request_bytes_ = 0;
  std::uint64_t response_bytes_ = 0;
  Tick backend_began_{};
  Tick backend_ended_{};

  // Of its call to the backend.
  net::Condition* connecting_ = nullptr;  // told when nobody wants the connection any more
  std::unique_ptr<http::Upstream> upstream_;
  std::string request_head_;
  Pieces first_pieces_;         // of the body, then of the answer's: what came with the head
  bool upload_failed_ = false;  // on the client's side
  net::TaskGroup upload_;       // the rest of the body on its way
  std::string out_;             // what is written to the client

  // Of a call that lasts.
  FaultCode ended_by_{};  // why it was ended half-way
  std::uint16_t ended_status_ = 0;
  std::unique_ptr<Relay> relay_;  // of an open WebSocket
  bool judge_once_more_ = false;  // something has changed since judging began
  net::TaskGroup judging_;        // last: it uses all of the above while it dies
};

}  // namespace gatehouse::gateway
