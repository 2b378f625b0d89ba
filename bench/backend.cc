// SPDX-License-Identifier: Apache-2.0
//
// A backend that costs as little as possible: answers every HTTP request head with 200 and a body
// of fixed size, in one write per batch of pipelined requests. `backend PORT BODY_BYTES`
//
// It understands what load generators send: heads that end with an empty line, and bodies announced
// by Content-Length.
#include <arpa/inet.h>
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
#include <string_view>
#include <vector>

namespace {

struct Connection {
  int descriptor = -1;
  std::string input;
};

std::string answer_of(std::size_t body_bytes) {
  return "HTTP/1.1 200 OK\r\nServer: backend\r\nContent-Type: "
         "application/json\r\nContent-Length: " +
         std::to_string(body_bytes) + "\r\n\r\n" + std::string(body_bytes, 'x');
}

std::size_t body_length(std::string_view head) {
  for (const std::string_view name : {"Content-Length: ", "content-length: "}) {
    const std::size_t at = head.find(name);
    if (at != std::string_view::npos) {
      return static_cast<std::size_t>(std::atoll(head.data() + at + name.size()));
    }
  }
  return 0;
}

// How many whole requests stand at the front of `input`; they are taken out.
std::size_t take_requests(std::string& input) {
  std::size_t count = 0;
  std::size_t at = 0;
  for (;;) {
    const std::size_t end = input.find("\r\n\r\n", at);
    if (end == std::string::npos) break;
    const std::size_t body = body_length(std::string_view(input).substr(at, end - at));
    if (end + 4 + body > input.size()) break;
    at = end + 4 + body;
    ++count;
  }
  input.erase(0, at);
  return count;
}

// False when the connection is over.
bool serve(Connection& connection, const std::string& answer, std::vector<char>& buffer) {
  for (;;) {
    const ssize_t got = ::recv(connection.descriptor, buffer.data(), buffer.size(), 0);
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN;
    connection.input.append(buffer.data(), static_cast<std::size_t>(got));
    std::string answers;
    for (std::size_t count = take_requests(connection.input); count > 0; --count) answers += answer;
    for (std::size_t sent = 0; sent < answers.size();) {
      const ssize_t part =
          ::send(connection.descriptor, answers.data() + sent, answers.size() - sent, MSG_NOSIGNAL);
      if (part < 0 && errno != EAGAIN) return false;
      if (part > 0) sent += static_cast<std::size_t>(part);
    }
    if (static_cast<std::size_t>(got) < buffer.size()) return true;
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "backend PORT BODY_BYTES\n");
    return 2;
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(arguments[1])));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string answer = answer_of(static_cast<std::size_t>(std::atoll(arguments[2])));
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 1024) != 0) {
    std::perror("backend");
    return 1;
  }
  const int epoll = epoll_create1(0);
  Connection accepting{listener, {}};
  epoll_event watched{};
  watched.events = EPOLLIN;
  watched.data.ptr = &accepting;
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &watched);
  std::vector<char> buffer(64 * 1024);
  std::vector<epoll_event> events(256);
  for (;;) {
    const int ready = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection != &accepting) {
        if (!serve(*connection, answer, buffer)) {
          close(connection->descriptor);
          delete connection;
        }
        continue;
      }
      const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
      if (client < 0) continue;
      setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watched.events = EPOLLIN | EPOLLET;
      watched.data.ptr = new Connection{client, {}};
      epoll_ctl(epoll, EPOLL_CTL_ADD, client, &watched);
    }
  }
}
