// SPDX-License-Identifier: Apache-2.0
//
// The server's side of one HTTP/1.1 connection: heads in, bodies in, bytes out, and when to end it.
//
//   while ((co_await connection.read_head()) == Arrival::request) {
//     ... connection.head() ...
//     const bool persists = connection.decide_persistence();        // before the answer's head
//     ... co_await connection.write(bytes) ...
//     const bool goes_on = co_await connection.finish();
//     if (!goes_on) co_return;
//   }
//
// A request that is wholly in the buffer is read without suspending, pipelined ones included. A
// slow one ends at its deadline: the head within `head_timeout` of its first byte (of the
// connection, for the first one), a body when it stays silent for `body_timeout`.
//
// Thread:  one event loop.
// Memory:  an idle connection holds no buffer. Views of head() stay valid until finish().
// Source:  RFC 9112, section 9; RFC 9110, section 10.1.1 (100-continue).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/drain.h"
#include "http/head.h"
#include "http/incoming.h"

namespace gatehouse::http {

struct ConnectionOptions {
  HeadLimits limits{};
  std::chrono::milliseconds head_timeout{10'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds write_timeout{30'000};  // how long a client may take nothing
  // Of a request body that nobody read: so much is skipped to keep the connection, no more.
  std::size_t excess_max = 64 * 1024;
};

enum class Arrival : std::uint8_t {
  request,  // head() is one
  refused,  // answer refusal(), which ends the connection, and call finish()
  closed,   // nothing to answer: the client left, was idle too long, or was cut
};

class Connection final : private Drain::Member {
 public:
  // `options`, `blocks` and `drain` outlive the connection.
  Connection(std::unique_ptr<net::Stream> stream, const ConnectionOptions& options,
             BlockPool& blocks, Drain& drain);
  ~Connection() = default;

  // co_await connection.read_head(): Arrival, of the next request.
  class ReadHead;
  ReadHead read_head();
  const RequestHead& head() const { return head_; }
  // Of a head, 408 for a slow one included; or of a body after read_body_some has failed with it:
  // 400 malformed, 408 silent, 413 beyond the limit. status is 0 when the client is gone.
  const Refusal& refusal() const { return refusal_; }

  // Refuses a body of more bytes with 413; false when Content-Length says so already.
  bool limit_body(std::uint64_t bytes_max);
  bool body_done() const { return incoming_.body().done(); }
  // Sends "100 Continue" when the client waits for it. read_body_some does so by itself; whoever
  // reads the body beside writing the answer has it sent before, as the stream has one writer.
  net::Task<Result<>> invite_body();
  // The next piece of the body, at once if it is there. Sends "100 Continue" when the client waits
  // for it.
  // Error: invalid_argument or exhausted with refusal(); unavailable.
  net::Task<Result<BodyPiece>> read_body_some();
  // What has arrived already; an empty piece that is not the last means: read_body_some.
  BodyPiece take_body();
  std::string_view trailers() const { return incoming_.body().trailers(); }

  // Whether the connection goes on after this exchange; the answer says "Connection: close" if not.
  // Call once, before the head of the answer is written.
  bool decide_persistence();
  // The answer is framed by the end of the connection, or failed half-way: it ends with finish().
  void end_after_answer() { persists_ = false; }
  bool persists() const { return persists_; }

  // co_await connection.write(bytes): Result<>. The bytes live until it returns.
  net::Stream::Write write(std::string_view bytes);
  net::Stream::Write write(std::span<iovec> pieces);

  // Ends the exchange: skips what is left of the request, or ends the connection so that the client
  // still gets the answer. True when read_head may be called again.
  net::Task<bool> finish();
  // The usual end, without a wait: true when the request was read to its end and the connection
  // goes on. False: finish() has more to do.
  bool finish_at_once();

  net::Stream& stream() const { return incoming_.stream(); }
  // For an upgrade: bytes that came after the head. Whoever takes the stream ends it by itself.
  std::string_view unread() { return incoming_.buffer().unread(); }
  std::unique_ptr<net::Stream> take_stream();
  // For one that is relayed in place, over stream(): the head moves to memory of its own size and
  // the buffer, whose bytes unread() has told, is given back. The connection leaves a drain with
  // the idle ones, by `leave`. Views of the head are void.
  void begin_relay(std::function<void()> leave);

 private:
  void cut() override;

  void begin_head();
  // What has come of a head: nothing when more must.
  std::optional<Arrival> take_head();
  net::Progress::State take_bytes();
  Arrival give_up_head();
  Arrival begin_request();
  Arrival refuse(const Refusal& refusal);
  Result<BodyPiece> count(Result<BodyPiece> piece);
  net::Task<> linger();

  const ConnectionOptions& options_;
  Drain& drain_;
  Incoming incoming_;
  RequestHead head_;
  Refusal refusal_;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t body_bytes_max_ = 0;
  std::string kept_head_;          // of an upgrade that is relayed
  std::function<void()> leave_;    // its own way to end; empty: the stream is closed
  bool first_ = true;              // no request has come yet
  bool continue_awaited_ = false;  // the client wants "100 Continue" and has not got it
  bool persists_ = false;
};

class [[nodiscard]] Connection::ReadHead final : public net::Stream::Wait {
 public:
  explicit ReadHead(Connection& connection)
      : Wait(connection.stream(), Direction::reading), connection_(connection) {}
  Arrival await_resume() { return arrival_ ? *arrival_ : connection_.give_up_head(); }

 private:
  net::Progress attempt() override {
    arrival_ = connection_.take_head();
    return arrival_ ? net::Progress::moved(0) : net::Progress::blocked();
  }

  Connection& connection_;
  std::optional<Arrival> arrival_;
};

inline Connection::ReadHead Connection::read_head() {
  begin_head();
  return ReadHead(*this);
}

}  // namespace gatehouse::http
