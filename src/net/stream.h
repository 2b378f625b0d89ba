// SPDX-License-Identifier: Apache-2.0
//
// A connection: bytes in order both ways over TCP, encrypted or not.
//
// Reading and writing try first and wait only when the kernel says "not now"; whether it would is
// remembered, so a stream that is ready never touches epoll, and one that is known to be empty
// costs no system call. Writes of a turn leave together, after its events. One task may read while
// another one writes; two may not do the same.
//
// Every wait ends at the stream's deadline, which is one store to move. A wait that is cut short by
// it, by close() or by a broken connection returns `unavailable`; failure() says which.
//
// Thread:  one event loop.
// Memory:  waiting allocates nothing; TLS has its own buffers (tls_session.h).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net/tls_session.h"

namespace gatehouse::net {

// Why a stream does not go on.
enum class Failure : std::uint8_t {
  none,
  timed_out,  // the deadline passed; the stream itself is whole
  closed,     // close() was called here
  broken,     // the peer or the network cut the connection
  tls,        // the encryption failed: no trust, no common version, a broken record
};

class Stream final : private Source, private Deadline {
 public:
  // Owns `descriptor`: a connected socket that does not block, with TCP_NODELAY set.
  Stream(Loop& loop, int descriptor, const Endpoint& peer);
  // Closes the connection; must not be called while a task other than the dying one waits on it.
  ~Stream();

  Loop& loop() const { return loop_; }
  const Endpoint& peer() const { return peer_; }
  Endpoint local() const;

  // co_await stream.read_some(buffer): Result<std::size_t>, 1 to buffer.size() bytes, or 0 when the
  // peer has sent its last. `buffer` may be the loop's scratch.
  class Read;
  Read read_some(std::span<char> buffer);
  // co_await stream.write_all(bytes): Result<>. The bytes live until it returns; the array of
  // pieces is used up.
  class Write;
  Write write_all(std::string_view bytes);
  Write write_all(std::span<iovec> pieces);
  // co_await stream.wait_readable(): Result<>. Bytes or the end may be there; a read still can
  // block.
  class Readiness;
  Readiness wait_readable();
  Readiness wait_writable();
  // What a layer above waits for, again and again tried as bytes come: a Wait of its own.
  class Wait;
  // False: a read would block, which costs nothing to ask.
  bool may_read();

  // The same without waiting. A write may take a part. Over TLS, what follows a write that was
  // `blocked` begins with the same bytes.
  Progress try_read(std::span<char> buffer) {
    if (tls_) [[unlikely]]
      return tls_->read(buffer);
    return socket_.read(buffer);
  }
  Progress try_write(std::span<const iovec> pieces) {
    if (tls_) [[unlikely]]
      return tls_->write(pieces);
    return socket_.write(pieces);
  }
  Progress try_write(std::string_view bytes) {
    const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    return try_write(std::span(&piece, 1));
  }

  // When the waits of this stream end, `never` at first. Passes up to 64 ms late, never early.
  using Deadline::deadline;
  using Deadline::deadline_passed;
  using Deadline::set_deadline;

  // Encrypts what follows: the handshake of either side. The stream is unusable if it fails.
  // Error: unavailable; message says whether the peer was not trusted.
  Task<Result<>> start_tls(std::shared_ptr<const TlsServer> server);
  Task<Result<>> start_tls(std::shared_ptr<const TlsClient> client, const std::string& server_name);

  // Tells the peer that nothing more will come; reading goes on.
  void shutdown_write();
  // Cuts the connection now. Tasks that wait on it go on, with an error, later in this turn.
  void close();

  bool is_open() const { return socket_.is_open(); }
  // The peer has sent its last or is gone; unread bytes may still be there.
  bool peer_closed() const { return socket_.hung_up(); }
  // Open, and nothing came unasked: an idle connection that may be used again.
  bool is_reusable();
  Failure failure() const;
  // What the last failure was, as an Error; `unavailable` but for bugs.
  Error error() const;

  bool is_tls() const { return tls_ != nullptr; }
  // Facts of TLS, "" without it.
  std::string_view alpn() const { return tls_ ? tls_->alpn() : std::string_view(); }
  std::string_view server_name() const { return tls_ ? tls_->server_name() : std::string_view(); }
  std::string peer_certificate() const { return tls_ ? tls_->peer_certificate() : std::string(); }
  std::string_view tls_version() const { return tls_ ? tls_->version() : std::string_view(); }

  // A connect that is under way (connect.cc): nothing is possible before the first event.
  void expect_nothing() { socket_.expect_nothing(); }
  int descriptor() const { return socket_.descriptor(); }

 private:
  void on_events(std::uint32_t events) override;
  void on_deadline() override;
  Task<Result<>> handshake();

  // How often a task may find bytes ready before everybody else gets a turn.
  static constexpr unsigned streak_max = 32;

  Loop& loop_;
  Socket socket_;
  std::unique_ptr<TlsSession> tls_;
  Wait* reader_ = nullptr;
  Wait* writer_ = nullptr;
  unsigned streak_ = 0;
  bool closed_here_ = false;
  Endpoint peer_;
};

// What waits on a stream, in the frame of the task that waits: the attempt is made at first, and
// again whenever the stream may have something, until it is not `blocked`; at the stream's deadline
// or end it has `failed`. As good as a coroutine that loops, without the frame of one.
class Stream::Wait : private Ready {
 public:
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  bool await_ready();
  void await_suspend(std::coroutine_handle<> coroutine);

 protected:
  enum class Direction : std::uint8_t { reading, writing };

  Wait(Stream& stream, Direction direction) : stream_(stream), direction_(direction) {}
  ~Wait() {
    if (stands_) stand_down();
  }

  virtual Progress attempt() = 0;
  Result<> outcome() const {
    if (progress_.state == Progress::State::moved) [[likely]]
      return {};
    return tl::unexpected<Error>(stream_.error());
  }

  Stream& stream_;
  const Direction direction_;
  Progress progress_ = Progress::blocked();

 private:
  friend class Stream;
  void on_ready() override;
  void stand();
  void stand_down();
  void give_up();

  bool stands_ = false;  // in stream_.waiting(direction_)
  bool yields_ = false;  // has not tried yet, but lets others go first
  std::coroutine_handle<> coroutine_;
};

class [[nodiscard]] Stream::Read final : public Wait {
 public:
  Read(Stream& stream, std::span<char> buffer)
      : Wait(stream, Direction::reading), buffer_(buffer) {}
  Result<std::size_t> await_resume() {
    if (progress_.state == Progress::State::moved) [[likely]]
      return progress_.bytes;
    return tl::unexpected<Error>(stream_.error());
  }

 private:
  Progress attempt() override { return stream_.try_read(buffer_); }

  const std::span<char> buffer_;
};

class [[nodiscard]] Stream::Write final : public Wait {
 public:
  Write(Stream& stream, std::string_view bytes)
      : Wait(stream, Direction::writing),
        piece_{const_cast<char*>(bytes.data()), bytes.size()},
        pieces_(&piece_, 1) {}
  Write(Stream& stream, std::span<iovec> pieces)
      : Wait(stream, Direction::writing), pieces_(pieces) {}
  Result<> await_resume() { return outcome(); }

 private:
  Progress attempt() override;

  iovec piece_{};  // room for a single one
  std::span<iovec> pieces_;
};

class [[nodiscard]] Stream::Readiness final : public Wait {
 public:
  static Readiness to_read(Stream& stream) { return {stream, Direction::reading}; }
  static Readiness to_write(Stream& stream) { return {stream, Direction::writing}; }
  Result<> await_resume() { return outcome(); }

 private:
  Readiness(Stream& stream, Direction direction) : Wait(stream, direction) {}
  Progress attempt() override;
};

inline Stream::Read Stream::read_some(std::span<char> buffer) { return Read(*this, buffer); }
inline Stream::Write Stream::write_all(std::string_view bytes) { return Write(*this, bytes); }
inline Stream::Write Stream::write_all(std::span<iovec> pieces) { return Write(*this, pieces); }
inline Stream::Readiness Stream::wait_readable() { return Readiness::to_read(*this); }
inline Stream::Readiness Stream::wait_writable() { return Readiness::to_write(*this); }

}  // namespace gatehouse::net
