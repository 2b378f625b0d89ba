// SPDX-License-Identifier: Apache-2.0
//
// Two streams that are connected to each other over loopback TCP; for tests and benchmarks.
//
// Thread:  one event loop.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

#include "core/error.h"
#include "net/stream.h"

namespace gatehouse::net {

struct StreamPair {
  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server;

  explicit StreamPair(Loop& loop) {
    const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_storage storage;
    socklen_t size = Endpoint::loopback(0).to(storage);
    auto* address = reinterpret_cast<sockaddr*>(&storage);
    GH_ASSERT(listening >= 0 && ::bind(listening, address, size) == 0);
    GH_ASSERT(::listen(listening, 1) == 0 && ::getsockname(listening, address, &size) == 0);
    const int connecting = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    GH_ASSERT(::connect(connecting, address, size) == 0);
    client = stream_on(loop, connecting);
    server = stream_on(loop, ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
    ::close(listening);
  }

 private:
  static std::unique_ptr<Stream> stream_on(Loop& loop, int descriptor) {
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    GH_ASSERT(::fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0);
    return std::make_unique<Stream>(loop, descriptor, Endpoint::loopback(0));
  }
};

}  // namespace gatehouse::net
