// SPDX-License-Identifier: Apache-2.0
#include "net/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/log.h"

namespace gatehouse::net {

namespace {

constexpr std::chrono::milliseconds rest_time{100};

int open_spare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

void set_option(int descriptor, int level, int option, int value) {
  ::setsockopt(descriptor, level, option, &value, sizeof value);
}

tl::unexpected<Error> refused(const Endpoint& endpoint) {
  const std::string port = std::to_string(endpoint.port);
  const std::string detail = endpoint.text() + ": " + std::strerror(errno);
  if (errno == EADDRINUSE) {
    return fail(ErrorCode::unavailable, "Port " + port + " is taken", detail);
  }
  return fail(ErrorCode::invalid_argument, "Cannot listen on port " + port, detail);
}

enum class Sharing : bool { alone, together };

// A bound socket. What is accepted from it inherits TCP_NODELAY.
Result<int> bind_socket(const Endpoint& endpoint, Sharing sharing) {
  sockaddr_storage storage;
  const unsigned size = endpoint.to(storage);
  Descriptor descriptor(
      ::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (descriptor.number() < 0 && errno == EAFNOSUPPORT && endpoint.address == Address::any_v6()) {
    return bind_socket({Address(), endpoint.port}, sharing);  // a kernel without IPv6
  }
  if (descriptor.number() < 0) return refused(endpoint);
  set_option(descriptor.number(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (sharing == Sharing::together) set_option(descriptor.number(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (storage.ss_family == AF_INET6) set_option(descriptor.number(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  set_option(descriptor.number(), IPPROTO_TCP, TCP_NODELAY, 1);
  if (::bind(descriptor.number(), reinterpret_cast<const sockaddr*>(&storage), size) != 0) {
    return refused(endpoint);
  }
  return descriptor.release();
}

std::uint16_t port_of(int descriptor) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size);
  return Endpoint::from(*reinterpret_cast<const sockaddr*>(&storage)).port;
}

// Errors of the one connection that was about to be accepted: accept(2), "Error handling".
bool belongs_to_connection(int error) {
  switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case EPERM:
    case EPROTO: return true;
    default: return false;
  }
}

bool out_of_descriptors(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(Loop& loop, const Options& options,
                                                 Acceptor acceptor) {
  // With SO_REUSEPORT a second process of the same user would share the port unnoticed; a socket
  // without it is refused as soon as anybody listens there.
  if (options.claim == Claim::first && options.endpoint.port != 0) {
    GH_TRY(probe, bind_socket(options.endpoint, Sharing::alone));
    ::close(probe);
  }
  GH_TRY(bound, bind_socket(options.endpoint, Sharing::together));
  Descriptor descriptor(bound);
  if (::listen(bound, options.backlog) != 0) return refused(options.endpoint);
  std::unique_ptr<Listener> listener(new Listener(loop, descriptor.release(), std::move(acceptor)));
  GH_CHECK(loop.watch(bound, *listener, EPOLLIN));
  return listener;
}

Listener::Listener(Loop& loop, int descriptor, Acceptor acceptor)
    : loop_(loop),
      descriptor_(descriptor),
      spare_(open_spare()),
      port_(port_of(descriptor)),
      acceptor_(std::move(acceptor)),
      rest_(loop, [this] { resume(); }) {}

Listener::~Listener() {
  loop_.forget(*this);
  if (descriptor_ >= 0) ::close(descriptor_);
  if (spare_ >= 0) ::close(spare_);
}

void Listener::on_events(std::uint32_t) { accept_waiting(batch_max); }

void Listener::pause() {
  if (std::exchange(paused_, true) || descriptor_ < 0) return;
  loop_.rewatch(descriptor_, *this, 0);
}

void Listener::resume() {
  rest_.cancel();
  if (!std::exchange(paused_, false) || descriptor_ < 0) return;
  loop_.rewatch(descriptor_, *this, EPOLLIN);
}

void Listener::stop() {
  if (descriptor_ < 0) return;
  paused_ = false;
  accept_waiting(waiting_max);
  if (descriptor_ < 0) return;
  loop_.forget(*this);
  rest_.cancel();
  ::close(std::exchange(descriptor_, -1));
}

void Listener::accept_waiting(int count_max) {
  for (int count = 0; count < count_max; ++count) {
    sockaddr_storage storage;
    socklen_t size = sizeof storage;
    auto* address = reinterpret_cast<sockaddr*>(&storage);
    const int accepted = ::accept4(descriptor_, address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      acceptor_(std::make_unique<Stream>(loop_, accepted, Endpoint::from(*address)));
    } else if (out_of_descriptors(errno) ? !refuse_one() : !belongs_to_connection(errno)) {
      return;
    }
    if (paused_ || descriptor_ < 0) return;  // the acceptor may say so
  }
}

// Accepts with the spare descriptor and closes at once. False when nobody waits or accepting rests.
bool Listener::refuse_one() {
  if (spare_ >= 0) {
    ::close(std::exchange(spare_, -1));
    const int accepted = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
    const bool nobody_waits = accepted < 0 && errno == EAGAIN;
    if (accepted >= 0) ::close(accepted);
    spare_ = open_spare();
    if (nobody_waits) return false;
    if (accepted >= 0 && spare_ >= 0) return true;
  }
  rest();
  return false;
}

void Listener::rest() {
  log_warning("port {}: no file descriptors left, accepting rests", port_);
  pause();
  rest_.set(loop_.tick() + rest_time);
}

}  // namespace gatehouse::net
