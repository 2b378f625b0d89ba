// SPDX-License-Identifier: Apache-2.0
//
// For tests: a client and a backend of plain blocking sockets, so that what goes over the wire is
// exactly what a test wrote.
//
// Thread:  a client: one; a backend: its own, one per connection.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/text.h"
#include "http/body.h"
#include "http/head.h"

namespace gatehouse::gateway {

class TestSocket {
 public:
  explicit TestSocket(int descriptor) : descriptor_(descriptor) {
    // A test that hangs is worse than one that fails.
    const timeval limit{10, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~TestSocket() { ::close(descriptor_); }
  TestSocket(const TestSocket&) = delete;
  TestSocket& operator=(const TestSocket&) = delete;

  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // More bytes into unread(); false at the end.
  bool read() {
    std::array<char, 65'536> buffer;
    const ssize_t got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    unread_.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
  }
  std::string& unread() { return unread_; }
  // Everything until the peer closes.
  std::string read_to_end() {
    while (read()) {
    }
    return std::exchange(unread_, {});
  }
  void shutdown() { ::shutdown(descriptor_, SHUT_RDWR); }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  std::string unread_;
};

// A message as it stood on the wire, its body decoded.
struct TestMessage {
  bool whole = false;
  int status = 0;
  std::string head;
  std::string body;

  // The value of a field, or "(none)".
  std::string field(std::string_view name) const {
    for (const std::string_view line : split(head, '\n')) {
      const std::size_t colon = line.find(':');
      if (colon == std::string_view::npos || !equals_ignoring_case(line.substr(0, colon), name)) {
        continue;
      }
      std::string_view value = line.substr(colon + 1);
      if (value.ends_with('\r')) value.remove_suffix(1);
      return std::string(trim(value));
    }
    return "(none)";
  }
};

template <typename Head, typename... Method>
TestMessage read_message(TestSocket& socket, Head& head, Method... method) {
  TestMessage message;
  head.clear();
  while (head.read(socket.unread(), method...) == http::HeadState::incomplete) {
    if (!socket.read()) return message;
  }
  message.head = socket.unread().substr(0, head.size());
  http::BodyReader body;
  body.begin(head.framing(), head.content_length());
  if constexpr (sizeof...(method) > 0) message.status = head.status();
  socket.unread().erase(0, head.size());
  for (;;) {
    const auto step = body.read(socket.unread());
    message.body += step.data;
    socket.unread().erase(0, step.consumed);
    message.whole = body.done();
    if (body.done() || body.refused()) return message;
    if (step.consumed > 0 && !step.data.empty()) continue;
    if (!socket.read()) {
      body.end_of_stream();
      message.whole = body.done();
      return message;
    }
  }
}

class TestClient : public TestSocket {
 public:
  // A client with a small buffer soon leaves the gateway without room.
  explicit TestClient(std::uint16_t port, int receive_buffer = 0)
      : TestSocket(connected(port, receive_buffer)) {}

  TestMessage read_answer(http::Method method = http::Method::get) {
    http::ResponseHead head;
    return read_message(*this, head, method);
  }
  TestMessage call(const std::string& request, http::Method method = http::Method::get) {
    write(request);
    return read_answer(method);
  }

 private:
  static int connected(std::uint16_t port, int receive_buffer) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer > 0) {
      ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return descriptor;
  }
};

// The other end of a connection within this process.
inline int end_opposite(int descriptor) {
  sockaddr_in here{};
  socklen_t size = sizeof here;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&here), &size);
  for (int other = 3; other < 1'024; ++other) {
    sockaddr_in peer{};
    size = sizeof peer;
    if (::getpeername(other, reinterpret_cast<sockaddr*>(&peer), &size) == 0 &&
        peer.sin_port == here.sin_port) {
      return other;
    }
  }
  ADD_FAILURE() << "nobody holds the other end";
  return -1;
}

inline int loopback_listener() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(descriptor, 128), 0);
  return descriptor;
}
inline std::uint16_t port_of(int descriptor) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

class TestBackend {
 public:
  // Answers one request on `socket`; false closes the connection.
  using Script = std::function<bool(TestSocket& socket, const TestMessage& request)>;

  explicit TestBackend(Script script) : script_(std::move(script)) {
    port_ = port_of(listener_);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~TestBackend() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (TestSocket& socket : sockets_) socket.shutdown();
    }
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<TestMessage> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return sockets_.size();
  }

  // The usual script: 200 with this body.
  static Script answers(std::string body) {
    return [body = std::move(body)](TestSocket& socket, const TestMessage&) {
      return socket.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                          "\r\n\r\n" + body);
    };
  }

 private:
  void accept_all() {
    for (;;) {
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) return;
      const std::lock_guard lock(mutex_);
      TestSocket& socket = sockets_.emplace_back(descriptor);
      threads_.emplace_back([this, &socket] { serve(socket); });
    }
  }
  void serve(TestSocket& socket) {
    for (;;) {
      http::RequestHead head;
      const TestMessage request = read_message(socket, head);
      if (request.head.empty()) return;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      if (!script_(socket, request)) return socket.shutdown();
    }
  }

  const Script script_;
  const int listener_ = loopback_listener();
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::list<TestSocket> sockets_;      // guarded by mutex_
  std::vector<TestMessage> requests_;  // guarded by mutex_
  std::vector<std::thread> threads_;   // of the acceptor, then of the destructor
  std::thread acceptor_;
};

// A backend that answers a head without reading the body.
class HeadBackend {
 public:
  using Script = std::function<void(TestSocket& socket, const std::string& head)>;

  explicit HeadBackend(Script script) : script_(std::move(script)), listener_(loopback_listener()) {
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~HeadBackend() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_of(listener_)); }

 private:
  void accept_all() {
    for (;;) {
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) return;
      threads_.emplace_back([this, descriptor] {
        TestSocket socket(descriptor);
        for (;;) {
          std::size_t end = 0;
          while ((end = socket.unread().find("\r\n\r\n")) == std::string::npos) {
            if (!socket.read()) return;
          }
          const std::string head = socket.unread().substr(0, end);
          socket.unread().erase(0, end + 4);
          script_(socket, head);
        }
      });
    }
  }

  const Script script_;
  const int listener_;
  std::vector<std::thread> threads_;  // of the acceptor, then of the destructor
  std::thread acceptor_;
};

// Writes junk to a connection until nothing more fits; how much it was.
inline std::size_t fill(int descriptor) {
  const std::string junk(4'096, 'z');
  std::size_t filled = 0;
  for (std::size_t size = junk.size(); size > 0;) {
    const ssize_t sent = ::send(descriptor, junk.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) filled += static_cast<std::size_t>(sent);
    if (sent <= 0) size /= 2;
  }
  return filled;
}

}  // namespace gatehouse::gateway
