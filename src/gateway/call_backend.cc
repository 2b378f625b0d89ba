// SPDX-License-Identifier: Apache-2.0
#include "core/log.h"
#include "gateway/conversation.h"

namespace gatehouse::gateway {

namespace {

constexpr std::chrono::minutes look_again{1};

Chunks chunks_of(http::Framing framing) {
  return framing == http::Framing::chunked ? Chunks::yes : Chunks::no;
}

bool is_idempotent(http::Method method) {
  switch (method) {
    case http::Method::get:
    case http::Method::head:
    case http::Method::put:
    case http::Method::delete_:
    case http::Method::options:
    case http::Method::trace: return true;
    case http::Method::post:
    case http::Method::patch:
    case http::Method::other: return false;
  }
  return false;
}

}  // namespace

Tick Conversation::backend_deadline() const {
  return worker_.loop().tick() + exchange_.backends->timeout;
}

// The whole request is at hand, and doing it twice is doing it once (RFC 9110, section 9.2.2).
bool Conversation::may_repeat() const {
  return first_pieces_.last() && is_idempotent(connection_.head().method());
}

net::Task<> Conversation::call_backend() {
  const std::vector<Backend>& list = exchange_.backends->list;
  const Backend& backend = list[worker_.next_turn() % list.size()];
  backend_began_ = worker_.loop().tick();
  upload_failed_ = false;
  request_head_.clear();
  append_request(request_head_, {exchange_, backend, ids_, socket_address_, trust_});
  first_pieces_.clear();
  first_pieces_.take_from(connection_);
  request_bytes_ = first_pieces_.bytes();
  const Chunks chunks = chunks_of(connection_.head().framing());

  upstream_ = worker_.upstreams().take_idle(backend.origin);
  for (bool again = false;; again = true) {
    if (!upstream_) {
      const bool connected = co_await connect(backend.origin);
      if (!connected) co_return;
    }
    upstream_->set_deadline(backend_deadline());
    const Result<> sent = co_await upstream_->write(first_pieces_.frame(request_head_, chunks));
    bool answered = false;
    if (sent) {
      if (!first_pieces_.last()) {
        const bool invited = co_await begin_upload();
        if (!invited) co_return;
      }
      const Result<> head = co_await upstream_->read_head(connection_.head().method());
      answered = head.has_value();
    }
    if (answered) break;
    const bool stale = upstream_->stream_fault() == http::UpstreamFault::stale;
    if (again || !stale || ended() || !may_repeat()) {
      fail_exchange();
      co_return;
    }
    worker_.metrics().backend_retries->add();
    upstream_.reset();
  }
  if (upstream_->head().status() == 101) {
    co_await relay_websocket();
  } else {
    const Chunks answer_chunks = begin_answer();
    const Result<> written = co_await connection_.write(first_pieces_.frame(out_, answer_chunks));
    bool whole = written.has_value();
    if (whole && !first_pieces_.last()) whole = co_await relay_body(answer_chunks);
    end_answer(whole);
  }
  // The client has its status; the record says how it ended.
  if (ended()) exchange_.fail(ended_by_);
}

// Shared by the call and the task that connects for it.
struct Conversation::Connecting {
  http::UpstreamPool& pool;
  const http::Origin& origin;
  const Tick deadline;
  net::Condition changed;
  std::optional<Result<std::unique_ptr<http::Upstream>>> outcome = {};
  net::TaskGroup task = {};  // last: it uses all of the above while it dies
};

net::Task<> Conversation::connect_for(Connecting& connecting) {
  connecting.outcome = co_await connecting.pool.connect(connecting.origin, connecting.deadline);
  connecting.changed.notify_all();
}

// False: the exchange has failed. A call that is ended meanwhile does not wait for a backend that
// nobody needs.
net::Task<bool> Conversation::connect(const http::Origin& origin) {
  net::Loop& loop = worker_.loop();
  const Tick deadline =
      loop.tick() + std::min(worker_.options().connect_timeout, exchange_.backends->timeout);
  Connecting connecting{worker_.upstreams(), origin, deadline, net::Condition(loop)};
  connecting.task.spawn(connect_for(connecting));
  connecting_ = &connecting.changed;
  // Connecting ends for certain, if only by an exception; this deadline only divides the wait.
  while (!connecting.outcome && connecting.task.size() > 0 && !ended()) {
    const bool told = co_await connecting.changed.wait_until(loop.tick() + look_again);
    static_cast<void>(told);
  }
  connecting_ = nullptr;
  if (ended()) {
    fail_exchange();
    co_return false;
  }
  if (!connecting.outcome) connecting.outcome = fail(ErrorCode::internal, "Connecting failed");
  auto& connected = *connecting.outcome;
  if (connected) {
    upstream_ = *std::move(connected);
    co_return true;
  }
  backend_ended_ = loop.tick();
  worker_.metrics().backend_failures->add();
  log_warning("Backend {}: {}", origin.key().text, connected.error().message);
  const bool late = loop.tick() >= deadline;
  exchange_.fail(late ? FaultCode::backend_connect_timeout : FaultCode::backend_unreachable);
  co_return false;
}

// Before anybody else writes to the client: the upload runs beside the answer. False: the client is
// gone.
net::Task<bool> Conversation::begin_upload() {
  const Result<> invited = co_await connection_.invite_body();
  if (!invited) {
    upload_failed_ = true;
    upstream_->spoil();
    fail_exchange();
    co_return false;
  }
  upstream_->set_deadline(backend_deadline());
  upload_.spawn(upload());
  co_return true;
}

// The rest of the body, as fast as the backend takes it. Runs beside the wait for the answer,
// because a backend may answer before it has read everything.
net::Task<> Conversation::upload() {
  const Chunks chunks = chunks_of(connection_.head().framing());
  Pieces pieces;
  while (!pieces.last()) {
    const Result<http::BodyPiece> piece = co_await connection_.read_body_some();
    if (!piece) {
      upload_failed_ = true;
      upstream_->spoil();
      upstream_->stream().close();  // whoever waits for the answer goes on
      co_return;
    }
    pieces.clear();
    pieces.add(*piece);
    pieces.take_from(connection_);
    request_bytes_ += pieces.bytes();
    upstream_->set_deadline(backend_deadline());
    const Result<> sent = co_await upstream_->write(pieces.frame("", chunks));
    if (!sent) {
      upstream_->spoil();
      co_return;
    }
  }
}

// Nothing has been written to the client yet: it gets a fault.
void Conversation::fail_exchange() {
  upload_.cancel();
  backend_ended_ = worker_.loop().tick();
  if (ended()) {
    upstream_.reset();
    exchange_.fail(ended_by_, ended_status_);
    return;
  }
  if (upload_failed_) return fail_upload();
  worker_.metrics().backend_failures->add();
  const http::UpstreamFault stream_fault = upstream_->stream_fault();
  const http::UpstreamFault fault =
      upstream_->fault() == http::UpstreamFault::none ? stream_fault : upstream_->fault();
  switch (fault) {
    case http::UpstreamFault::late: exchange_.fail(FaultCode::backend_timeout); break;
    case http::UpstreamFault::malformed: exchange_.fail(FaultCode::backend_protocol); break;
    default: exchange_.fail(FaultCode::backend_closed); break;
  }
  log_warning("Backend {}: {}", exchange_.api->deployed.name, upstream_->reason());
  upstream_.reset();
}

// The client's own fault, or its end.
void Conversation::fail_upload() {
  upstream_.reset();
  const http::Refusal& refusal = connection_.refusal();
  if (refusal.status == 0) {
    connection_.end_after_answer();
    connection_.stream().close();
    return;
  }
  if (refusal.status == 400) {
    exchange_.fail(FaultCode::incomplete_payload);
  } else {
    exchange_.fail(static_cast<FaultCode>(refusal.status));
  }
  exchange_.fault.description = refusal.reason;
}

// Makes the head, and takes what has come of the body.
Chunks Conversation::begin_answer() {
  const http::ResponseHead& head = upstream_->head();
  const AnswerFraming framing = answer_framing(head, connection_.head().version());
  connection_.decide_persistence();
  // A request that is still on its way would be taken for the next one.
  if (framing == AnswerFraming::close || upload_.size() > 0) connection_.end_after_answer();
  out_.clear();
  append_answer(out_, {exchange_, head, ids_, framing, connection_.persists()});
  status_ = head.status();
  first_pieces_.clear();
  first_pieces_.take_from(*upstream_);
  response_bytes_ = first_pieces_.bytes();
  return framing == AnswerFraming::chunked ? Chunks::yes : Chunks::no;
}

void Conversation::end_answer(bool whole) {
  backend_ended_ = worker_.loop().tick();
  if (upload_.size() > 0) {
    upload_.cancel();
    upstream_->spoil();
  }
  if (whole) {
    worker_.upstreams().release(std::move(upstream_));
  } else {
    // Half an answer must not look like a whole one.
    connection_.end_after_answer();
    connection_.stream().close();
  }
  upstream_.reset();
}

// From here on the connection is no longer HTTP, so nothing may be left to doubt: the client asked
// for a WebSocket, and the backend opened this one.
net::Task<> Conversation::relay_websocket() {
  const http::ResponseHead& head = upstream_->head();
  if (!exchange_.websocket || !http::opens_websocket(connection_.head(), head)) {
    backend_ended_ = worker_.loop().tick();
    worker_.metrics().backend_failures->add();
    log_warning("Backend {}: it changes the protocol unasked", exchange_.api->deployed.name);
    exchange_.fail(FaultCode::backend_protocol);
    upstream_.reset();
    co_return;
  }
  connection_.end_after_answer();
  status_ = head.status();
  out_.clear();
  append_switch(out_, head, ids_);
  const Result<> written = co_await connection_.write(out_);
  if (written && !ended()) {
    Relay::Early early{std::string(connection_.unread()), std::string(upstream_->unread())};
    relay_ = std::make_unique<Relay>(
        Relay::Sides{connection_.stream(), upstream_->take_stream(), std::move(early)},
        worker_.options().websocket_idle);
    upstream_.reset();
    const bool judging = judging_.size() > 0;
    judging_.cancel();  // it refers to the head
    keep_head_aside();
    if (judging) judge_again();
    co_await relay_->run();
    request_bytes_ = relay_->bytes_from_client();
    response_bytes_ = relay_->bytes_from_backend();
    relay_.reset();
  }
  upstream_.reset();
  backend_ended_ = worker_.loop().tick();
}

// A WebSocket may live for days: it holds no buffer, and what is known of its request moves.
void Conversation::keep_head_aside() {
  path_ = std::string(exchange_.path);
  exchange_.path = path_;
  exchange_.rest = exchange_.path.substr(exchange_.path.size() - exchange_.rest.size());
  std::string_view& credential = exchange_.credential;
  const char* const lay_at = connection_.head().bytes().data();
  const std::size_t place =
      credential.empty() ? 0 : static_cast<std::size_t>(credential.data() - lay_at);
  connection_.begin_relay([this] {
    if (relay_) relay_->end(http::CloseCode::going_away);
  });
  credential = connection_.head().bytes().substr(place, credential.size());
}

// True when the client has got the whole body.
net::Task<bool> Conversation::relay_body(Chunks chunks) {
  Pieces pieces;
  while (!pieces.last()) {
    const Result<http::BodyPiece> piece = co_await upstream_->read_body_some(backend_deadline());
    if (!piece && ended()) co_return false;
    if (!piece) {
      worker_.metrics().backend_failures->add();
      exchange_.fail(upstream_->fault() == http::UpstreamFault::late ? FaultCode::backend_timeout
                                                                     : FaultCode::backend_closed);
      co_return false;
    }
    pieces.clear();
    pieces.add(*piece);
    pieces.take_from(*upstream_);
    response_bytes_ += pieces.bytes();
    const Result<> written = co_await connection_.write(pieces.frame("", chunks));
    if (!written) co_return false;
  }
  co_return true;
}

}  // namespace gatehouse::gateway
