// SPDX-License-Identifier: Apache-2.0
//
// Connections to backends, kept and used again: the client's side of one HTTP/1.1 connection, and
// the pool of a worker.
//
//   Result<std::unique_ptr<Upstream>> upstream = co_await pool.acquire(origin, deadline);
//   const Result<> sent = co_await (*upstream)->write(request_bytes);
//   const Result<> answered = co_await (*upstream)->read_head(method);
//   ... (*upstream)->head(), read_body_some() ...
//   pool.release(std::move(*upstream));        // kept only if nothing is wrong with it
//
// The connection that was used last is used next. One that was closed or has unasked bytes is never
// used: they would be taken for the answer to somebody else's request. (The loop learns of both in
// its next turn; asking the kernel before each request would cost more than the whole look-up.)
//
// Thread:  one event loop.
// Memory:  at most `idle_max` idle connections per origin, none of them with a buffer.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "http/head.h"
#include "http/incoming.h"
#include "net/connect.h"
#include "net/resolver.h"

namespace gatehouse::http {

// The name of an origin, hashed once: each request looks for it twice.
struct OriginKey {
  explicit OriginKey(std::string name)
      : text(std::move(name)), hash(std::hash<std::string>()(text)) {}

  bool operator==(const OriginKey& other) const { return hash == other.hash && text == other.text; }
  struct Hash {
    std::size_t operator()(const OriginKey& key) const { return key.hash; }
  };

  std::string text;
  std::size_t hash;
};

// Where a backend listens. Two origins are the same when their keys are.
class Origin {
 public:
  Origin(std::string host, std::uint16_t port, std::shared_ptr<const net::TlsClient> tls = nullptr);
  // "http://host[:port]" or "https://host[:port]"; what follows the authority is ignored. `tls` is
  // used with https and must be given for it.
  // Error: invalid_argument.
  static Result<Origin> parse(std::string_view url, std::shared_ptr<const net::TlsClient> tls);

  const std::string& host() const { return host_; }  // an IPv6 address without brackets
  std::uint16_t port() const { return port_; }
  const std::shared_ptr<const net::TlsClient>& tls() const { return tls_; }
  // The value of Host: without the port that the scheme has anyway.
  const std::string& authority() const { return authority_; }
  const OriginKey& key() const { return key_; }

 private:
  std::string host_;
  std::uint16_t port_;
  std::shared_ptr<const net::TlsClient> tls_;
  std::string authority_;
  OriginKey key_;
};

// Why an exchange with a backend failed.
enum class UpstreamFault : std::uint8_t {
  none,
  stale,      // a connection from the pool was cut before any byte of an answer: may be repeated
  cut,        // a new connection, or one that had begun to answer, was cut
  late,       // the deadline passed
  malformed,  // the answer is not HTTP as we take it
};

class UpstreamPool;

class Upstream {
 public:
  Upstream(std::unique_ptr<net::Stream> stream, BlockPool& blocks, const Origin& origin);

  net::Stream& stream() const { return incoming_.stream(); }
  void set_deadline(Tick deadline) { stream().set_deadline(deadline); }

  // co_await upstream.write(bytes): Result<>.
  net::Stream::Write write(std::string_view bytes) { return stream().write_all(bytes); }
  net::Stream::Write write(std::span<iovec> pieces) { return stream().write_all(pieces); }

  // Reads the head of the answer to a request of this method, past interim ones (at most 8), until
  // the stream's deadline. May run while another task still writes the request.
  // co_await upstream.read_head(method): Result<>.
  // Error: unavailable; fault() and reason() say why.
  class ReadHead;
  ReadHead read_head(Method request);
  const ResponseHead& head() const { return head_; }

  // The body, as Incoming has it.
  BodyPiece take_body() { return incoming_.take_body(); }
  net::Task<Result<BodyPiece>> read_body_some(Tick deadline);
  bool body_done() const { return incoming_.body().done(); }
  std::string_view trailers() const { return incoming_.body().trailers(); }

  // What stopped a write, or a read that left no fault(): what the stream says.
  UpstreamFault stream_fault() const;
  UpstreamFault fault() const { return fault_; }
  std::string_view reason() const { return reason_; }
  // The connection had served another request before.
  bool reused() const { return reused_; }
  // The request was written and the answer read to their ends, and both sides go on.
  bool reusable();
  // The request was not written to its end, or nobody knows: the connection is not used again.
  void spoil() { spoiled_ = true; }

  // For an upgrade (status 101).
  std::string_view unread() { return incoming_.buffer().unread(); }
  std::unique_ptr<net::Stream> take_stream() { return incoming_.take_stream(); }

 private:
  friend class UpstreamPool;

  // What has come of the head: nothing when more must.
  std::optional<Result<>> take_head(Method request);
  tl::unexpected<Error> failed(UpstreamFault fault, std::string_view reason);
  void begin_again();

  Incoming incoming_;
  ResponseHead head_;
  std::string_view reason_;
  UpstreamFault fault_ = UpstreamFault::none;
  bool answered_ = false;  // a byte of the current answer has come
  bool complete_ = false;  // its head has been read
  bool reused_ = false;
  bool spoiled_ = false;
  int interim_heads_ = 0;  // of the current answer
  Tick idle_since_{};
  const OriginKey key_;
};

class [[nodiscard]] Upstream::ReadHead final : public net::Stream::Wait {
 public:
  ReadHead(Upstream& upstream, Method request)
      : Wait(upstream.stream(), Direction::reading), upstream_(upstream), request_(request) {}
  Result<> await_resume() {
    if (head_) return *std::move(head_);
    return upstream_.failed(upstream_.stream_fault(), "The connection failed or stayed silent");
  }

 private:
  net::Progress attempt() override {
    head_ = upstream_.take_head(request_);
    return head_ ? net::Progress::moved(0) : net::Progress::blocked();
  }

  Upstream& upstream_;
  const Method request_;
  std::optional<Result<>> head_;
};

inline Upstream::ReadHead Upstream::read_head(Method request) { return {*this, request}; }

class UpstreamPool {
 public:
  struct Options {
    std::size_t idle_max = 64;  // per origin
    std::chrono::milliseconds idle_timeout{60'000};
    // Whether this address may be connected to; empty: any. Asked after names are resolved.
    std::function<bool(const net::Endpoint&)> allowed{};
  };

  // `blocks` and `resolver` outlive the pool, the pool its connections.
  UpstreamPool(net::Loop& loop, BlockPool& blocks, net::Resolver& resolver, Options options);

  // An idle connection if there is a usable one, else null; never waits.
  std::unique_ptr<Upstream> take_idle(const Origin& origin);
  // An idle connection, or a new one by the deadline, which becomes the stream's.
  // Error: unavailable, not reached; detail names the address. forbidden, no allowed address.
  net::Task<Result<std::unique_ptr<Upstream>>> acquire(const Origin& origin, Tick deadline);
  net::Task<Result<std::unique_ptr<Upstream>>> connect(const Origin& origin, Tick deadline);
  void release(std::unique_ptr<Upstream> upstream);

  std::size_t idle() const { return idle_count_; }

 private:
  using Idle = std::vector<std::unique_ptr<Upstream>>;  // last used last

  void sweep();

  net::Loop& loop_;
  BlockPool& blocks_;
  net::Resolver& resolver_;
  const Options options_;
  std::unordered_map<OriginKey, Idle, OriginKey::Hash> idle_by_origin_;
  std::size_t idle_count_ = 0;
  net::Timer sweep_;
};

}  // namespace gatehouse::http
