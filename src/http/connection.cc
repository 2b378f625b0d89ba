// SPDX-License-Identifier: Apache-2.0
#include "http/connection.h"

#include <limits>

namespace gatehouse::http {
namespace {

constexpr std::string_view continue_head = "HTTP/1.1 100 Continue\r\n\r\n";

// How long, and for how many bytes, a client that is still sending is listened to after its last
// answer, so that the answer is not lost in a reset.
constexpr std::chrono::seconds linger_time{2};
constexpr std::size_t linger_bytes_max = 256 * 1024;

}  // namespace

Connection::Connection(std::unique_ptr<net::Stream> stream, const ConnectionOptions& options,
                       BlockPool& blocks, Drain& drain)
    : Member(drain), options_(options), drain_(drain), incoming_(std::move(stream), blocks) {
  this->stream().set_deadline(this->stream().loop().tick() + options.head_timeout);
}

void Connection::cut() {
  // Once: whoever does not leave by itself is closed at the end of the drain.
  if (leave_) return std::exchange(leave_, nullptr)();
  if (incoming_.has_stream()) stream().close();
}

void Connection::begin_head() {
  head_.clear();
  refusal_ = {};
  continue_awaited_ = false;
  persists_ = false;
  const bool idle = incoming_.buffer().empty();
  if (idle) set_idle(true);
  // The first request is due from the moment of the connection on.
  if (!first_) {
    stream().set_deadline(stream().loop().tick() +
                          (idle ? options_.idle_timeout : options_.head_timeout));
  }
}

std::optional<Arrival> Connection::take_head() {
  for (const Buffer& buffer = incoming_.buffer();;) {
    if (!buffer.empty()) {
      switch (head_.read(buffer.unread(), options_.limits)) {
        case HeadState::complete: return begin_request();
        case HeadState::refused: return refuse(head_.refusal());
        case HeadState::incomplete: break;
      }
    }
    if (!stream().may_read()) return {};  // holds no buffer while nothing comes
    switch (take_bytes()) {
      case net::Progress::State::moved: break;
      case net::Progress::State::blocked: return {};
      case net::Progress::State::failed: return Arrival::closed;
    }
  }
}

// `failed` at the end of what the client sends, too.
net::Progress::State Connection::take_bytes() {
  Buffer& buffer = incoming_.buffer();
  const bool first = buffer.empty();
  const net::Progress read = stream().try_read(buffer.room());
  if (read.state != net::Progress::State::moved || read.bytes == 0) {
    buffer.give_back_if_empty();
    return read.state == net::Progress::State::blocked ? read.state : net::Progress::State::failed;
  }
  buffer.added(read.bytes);
  if (first) {
    set_idle(false);
    if (!first_) stream().set_deadline(stream().loop().tick() + options_.head_timeout);
  }
  return read.state;
}

// At the deadline, or cut.
Arrival Connection::give_up_head() {
  const bool late = stream().failure() == net::Failure::timed_out;
  if (!late || incoming_.buffer().empty()) return Arrival::closed;
  return refuse({408, "The request did not arrive in time"});
}

Arrival Connection::begin_request() {
  first_ = false;
  incoming_.begin_body(head_.size(), head_.framing(), head_.content_length());
  continue_awaited_ = head_.expects_continue() && !body_done() && incoming_.buffer().empty();
  body_bytes_ = 0;
  body_bytes_max_ = std::numeric_limits<std::uint64_t>::max();
  return Arrival::request;
}

Arrival Connection::refuse(const Refusal& refusal) {
  first_ = false;
  refusal_ = refusal;
  return Arrival::refused;
}

bool Connection::limit_body(std::uint64_t bytes_max) {
  body_bytes_max_ = bytes_max;
  if (head_.content_length() <= bytes_max) return true;
  refusal_ = {413, "The body is too large"};
  return false;
}

BodyPiece Connection::take_body() {
  if (body_bytes_ > body_bytes_max_) return {};
  const BodyPiece piece = incoming_.take_body();
  body_bytes_ += piece.data.size();
  if (body_bytes_ > body_bytes_max_) return {};
  return piece;
}

net::Task<Result<>> Connection::invite_body() {
  if (!std::exchange(continue_awaited_, false)) co_return Result<>();
  const Result<> sent = co_await write(continue_head);
  co_return sent;
}

net::Task<Result<BodyPiece>> Connection::read_body_some() {
  if (continue_awaited_) {
    const Result<> sent = co_await invite_body();
    if (!sent) co_return tl::unexpected<Error>(sent.error());
  }
  if (body_bytes_ <= body_bytes_max_) {
    const Tick deadline = stream().loop().tick() + options_.body_timeout;
    Result<BodyPiece> piece = co_await incoming_.read_body_some(deadline);
    if (!piece) {
      if (piece.error().code == ErrorCode::invalid_argument) {
        refusal_ = {400, incoming_.body().reason()};
      } else if (stream().failure() == net::Failure::timed_out) {
        refusal_ = {408, "The body did not arrive in time"};
      }
      co_return piece;
    }
    body_bytes_ += piece->data.size();
    if (body_bytes_ <= body_bytes_max_) co_return piece;
  }
  refusal_ = {413, "The body is too large"};
  co_return fail(ErrorCode::exhausted, std::string(refusal_.reason));
}

bool Connection::decide_persistence() {
  // A client that still waits for "100 Continue" may send the body or not: nobody can tell what its
  // next bytes are.
  const bool skippable =
      body_done() || (!continue_awaited_ && incoming_.body().left() <= options_.excess_max);
  persists_ = refusal_.status == 0 && skippable && head_.keep_alive() && !drain_.closing();
  return persists_;
}

net::Stream::Write Connection::write(std::string_view bytes) {
  stream().set_deadline(stream().loop().tick() + options_.write_timeout);
  return stream().write_all(bytes);
}

net::Stream::Write Connection::write(std::span<iovec> pieces) {
  stream().set_deadline(stream().loop().tick() + options_.write_timeout);
  return stream().write_all(pieces);
}

bool Connection::finish_at_once() {
  if (!persists_ || !body_done()) return false;
  Buffer& buffer = incoming_.buffer();
  buffer.release_held();
  buffer.give_back_if_empty();
  return true;
}

net::Task<bool> Connection::finish() {
  std::size_t skipped = 0;
  while (persists_ && !body_done()) {
    const Tick deadline = stream().loop().tick() + linger_time;
    const Result<BodyPiece> piece = co_await incoming_.read_body_some(deadline);
    if (piece) skipped += piece->data.size();
    if (!piece || skipped > options_.excess_max) persists_ = false;
  }
  if (finish_at_once()) co_return true;
  incoming_.buffer().release_held();
  if (stream().is_open()) co_await linger();
  co_return false;
}

// Ends our direction, and reads what the client still sends before the connection is closed.
net::Task<> Connection::linger() {
  Buffer& buffer = incoming_.buffer();
  const bool was_relayed = !kept_head_.empty();
  const bool all_read = body_done() && refusal_.status == 0 && buffer.empty() && !was_relayed;
  stream().shutdown_write();
  if (all_read) co_return;
  buffer.consume(buffer.unread().size());
  buffer.give_back_if_empty();
  stream().set_deadline(stream().loop().tick() + linger_time);
  for (std::size_t total = 0; total < linger_bytes_max;) {
    const Result<std::size_t> read = co_await stream().read_some(stream().loop().scratch());
    if (!read || *read == 0) co_return;
    total += *read;
  }
}

void Connection::begin_relay(std::function<void()> leave) {
  Buffer& buffer = incoming_.buffer();
  buffer.consume(buffer.unread().size());
  kept_head_ = head_.bytes();
  head_.rebase(kept_head_.data());
  buffer.release_held();
  buffer.give_back_if_empty();
  leave_ = std::move(leave);
  set_idle(true);
}

std::unique_ptr<net::Stream> Connection::take_stream() { return incoming_.take_stream(); }

}  // namespace gatehouse::http
