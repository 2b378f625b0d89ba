// SPDX-License-Identifier: Apache-2.0
#include "net/connect.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace gatehouse::net {

namespace {

tl::unexpected<Error> unreachable(const Endpoint& endpoint, const char* reason) {
  return fail(ErrorCode::unavailable, "Cannot connect", endpoint.text() + ": " + reason);
}

// A socket that has begun to connect.
Result<int> begin(const Endpoint& endpoint) {
  sockaddr_storage storage;
  const unsigned size = endpoint.to(storage);
  const int descriptor =
      ::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (descriptor < 0) return unreachable(endpoint, std::strerror(errno));
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const int outcome = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&storage), size);
  if (outcome == 0 || errno == EINPROGRESS) return descriptor;
  const int error = errno;
  ::close(descriptor);
  return unreachable(endpoint, std::strerror(error));
}

int pending_error(int descriptor) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

Task<Result<std::unique_ptr<Stream>>> connect_one(Loop& loop, const Endpoint& endpoint,
                                                  const ConnectOptions& options) {
  const Result<int> descriptor = begin(endpoint);
  if (!descriptor) co_return tl::unexpected<Error>(descriptor.error());
  auto stream = std::make_unique<Stream>(loop, *descriptor, endpoint);
  stream->expect_nothing();
  stream->set_deadline(options.deadline);
  const Result<> connected = co_await stream->wait_writable();
  if (!connected) co_return unreachable(endpoint, connected.error().message.c_str());
  const int error = pending_error(*descriptor);
  if (error != 0) co_return unreachable(endpoint, std::strerror(error));
  if (!options.tls) co_return stream;

  Task<Result<>> handshake = stream->start_tls(options.tls, options.server_name);
  const Result<> secured = co_await handshake;
  if (!secured) co_return tl::unexpected<Error>(secured.error());
  co_return stream;
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> connect(Loop& loop, std::span<const Endpoint> endpoints,
                                              const ConnectOptions& options) {
  Error last{ErrorCode::unavailable, "Cannot connect", "no address"};
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    Task<Result<std::unique_ptr<Stream>>> attempt = connect_one(loop, endpoints[i], options);
    Result<std::unique_ptr<Stream>> stream = co_await attempt;
    if (stream) co_return stream;
    last = std::move(stream).error();
    if (options.deadline <= loop.tick()) break;
  }
  co_return tl::unexpected<Error>(std::move(last));
}

}  // namespace gatehouse::net
