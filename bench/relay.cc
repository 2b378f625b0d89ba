// SPDX-License-Identifier: Apache-2.0
//
// The floor of every proxy: copies bytes between a client and one backend connection of its own
// over edge-triggered epoll, without looking at them. `relay LISTEN_PORT BACKEND_PORT`
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

struct End {
  int descriptor = -1;
  End* other = nullptr;
  std::string unsent;  // what the other end could not take yet
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void no_delay(int descriptor) {
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void watch(int epoll, End* end) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = end;
  epoll_ctl(epoll, EPOLL_CTL_ADD, end->descriptor, &event);
}

// Sends what is left over; true when nothing is.
bool flush(End& from, int to) {
  while (!from.unsent.empty()) {
    const ssize_t sent = ::send(to, from.unsent.data(), from.unsent.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    from.unsent.erase(0, static_cast<std::size_t>(sent));
  }
  return true;
}

// Copies until there is nothing to read or no room to write; false at the end of the stream.
bool copy(End& from, std::vector<char>& buffer) {
  while (flush(from, from.other->descriptor)) {
    const ssize_t got = ::recv(from.descriptor, buffer.data(), buffer.size(), 0);
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    const ssize_t sent =
        ::send(from.other->descriptor, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
    const ssize_t done = sent < 0 ? 0 : sent;
    if (done < got) from.unsent.assign(buffer.data() + done, static_cast<std::size_t>(got - done));
    // A short read has emptied the socket: edge-triggered epoll tells of what comes next.
    if (static_cast<std::size_t>(got) < buffer.size()) return true;
  }
  return true;
}

void accept_all(int epoll, int listener, std::uint16_t backend_port) {
  for (;;) {
    const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    if (client < 0) return;
    const int backend = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback(backend_port);
    if (connect(backend, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close(client);
      close(backend);
      continue;
    }
    fcntl(backend, F_SETFL, O_NONBLOCK);
    no_delay(client);
    no_delay(backend);
    auto* near = new End{client, nullptr, {}};
    auto* far = new End{backend, near, {}};
    near->other = far;
    watch(epoll, near);
    watch(epoll, far);
  }
}

void close_both(End* end) {
  close(end->descriptor);
  close(end->other->descriptor);
  end->descriptor = end->other->descriptor = -1;  // small and few: the process is short-lived
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "relay LISTEN_PORT BACKEND_PORT\n");
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(std::atoi(arguments[1]));
  const auto backend_port = static_cast<std::uint16_t>(std::atoi(arguments[2]));
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 1024) != 0) {
    std::perror("relay");
    return 1;
  }
  const int epoll = epoll_create1(0);
  End accepting{listener, nullptr, {}};
  watch(epoll, &accepting);
  std::vector<char> buffer(64 * 1024);
  std::vector<epoll_event> events(256);
  for (;;) {
    const int ready = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      auto* end = static_cast<End*>(event.data.ptr);
      if (end == &accepting) {
        accept_all(epoll, listener, backend_port);
        continue;
      }
      if (end->descriptor < 0) continue;
      if ((event.events & EPOLLOUT) != 0) flush(*end->other, end->descriptor);
      if ((event.events & EPOLLIN) != 0 && !copy(*end, buffer)) close_both(end);
    }
  }
}
