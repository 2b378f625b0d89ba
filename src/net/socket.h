// SPDX-License-Identifier: Apache-2.0
//
// A connected, non-blocking TCP socket that remembers what an edge-triggered epoll has said about
// it, so that no system call is made whose answer is known to be "not now".
//
// Thread:  one event loop.
// Cost:    a read that takes less than it could proves the socket empty: the EAGAIN that would say
//          so is not asked for.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace gatehouse::net {

// What a call that does not wait has done.
struct Progress {
  enum class State : std::uint8_t {
    moved,    // `bytes` went through; a read of 0 bytes is the end of what the peer sends
    blocked,  // nothing can be done now
    failed,   // the connection is broken; why is told by its owner
  };
  State state;
  std::size_t bytes = 0;

  static Progress moved(std::size_t bytes) { return {State::moved, bytes}; }
  static Progress blocked() { return {State::blocked}; }
  static Progress failed() { return {State::failed}; }
};

class Socket {
 public:
  // Owns `descriptor`, which does not block.
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() { close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  Progress read(std::span<char> buffer);
  Progress write(std::span<const iovec> pieces);

  // Takes in what epoll said.
  void note(std::uint32_t events);
  // Nothing is known to be possible until the next event: the state of a socket that connects.
  void expect_nothing() { readable_ = writable_ = false; }

  bool readable() const { return readable_; }
  bool writable() const { return writable_; }
  // The peer sends nothing more, or the connection is cut. Unread bytes may still be there.
  bool hung_up() const { return hung_up_; }
  // True when there is nothing to read now, the end of the stream included.
  bool is_quiet();

  void shutdown_write();
  void close();
  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  // errno of what failed, 0 if nothing has.
  int error() const { return error_; }

 private:
  Progress explain(int error, bool& possible);

  int descriptor_;
  int error_ = 0;
  bool readable_ = false;
  bool writable_ = true;
  bool hung_up_ = false;
};

}  // namespace gatehouse::net
