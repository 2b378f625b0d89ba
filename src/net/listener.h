// SPDX-License-Identifier: Apache-2.0
//
// A port of one loop: each worker opens its own on the same port (SO_REUSEPORT), and the kernel
// spreads the connections.
//
// When the process runs out of descriptors, a spare one is given up to accept and close what waits,
// so that clients are told instead of hanging.
//
// Thread:  one event loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/error.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/stream.h"

namespace gatehouse::net {

class Listener final : private Source {
 public:
  // Called for every connection, on the loop.
  using Acceptor = std::function<void(std::unique_ptr<Stream>)>;

  enum class Claim : std::uint8_t {
    first,  // nobody else may listen on the port: another process there is an error
    join,   // this process listens there already, on another loop
  };
  struct Options {
    Endpoint endpoint;  // port 0: any free port, see port()
    Claim claim = Claim::first;
    int backlog = 4096;
  };

  // Error: unavailable "Port 8280 is taken"; invalid_argument, when the address is not ours or the
  // port needs a privilege.
  static Result<std::unique_ptr<Listener>> open(Loop& loop, const Options& options,
                                                Acceptor acceptor);
  // Connections that the kernel has accepted for us and we have not are cut; see stop().
  ~Listener();

  std::uint16_t port() const { return port_; }

  // While paused, connections wait in the kernel's queue.
  void pause();
  void resume();
  // Hands over every connection that waits, then closes the port.
  void stop();

 private:
  Listener(Loop& loop, int descriptor, Acceptor acceptor);

  void on_events(std::uint32_t events) override;
  void accept_waiting(int count_max);
  bool refuse_one();
  void rest();

  // How many connections are accepted before everybody else gets a turn.
  static constexpr int batch_max = 64;
  // More than any backlog holds.
  static constexpr int waiting_max = 65'536;

  Loop& loop_;
  int descriptor_;
  int spare_;  // given up when there is no other
  std::uint16_t port_ = 0;
  bool paused_ = false;
  Acceptor acceptor_;
  Timer rest_;
};

}  // namespace gatehouse::net
