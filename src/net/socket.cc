// SPDX-License-Identifier: Apache-2.0
#include "net/socket.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include "core/error.h"

namespace gatehouse::net {

namespace {

// So many bytes are copied quicker than the kernel reads a list of where they lie.
constexpr std::size_t copied_max = 4096;

std::size_t size_of(std::span<const iovec> pieces) {
  std::size_t size = 0;
  for (const iovec& piece : pieces) size += piece.iov_len;
  return size;
}

// The C library makes every call of a process with threads a point where the thread could be
// cancelled, at the price of two locked operations each; no thread of ours ever is.
ssize_t receive(int descriptor, std::span<char> buffer) {
  return ::syscall(SYS_recvfrom, descriptor, buffer.data(), buffer.size(), 0, nullptr, nullptr);
}

ssize_t send_bytes(int descriptor, const void* bytes, std::size_t size) {
  return ::syscall(SYS_sendto, descriptor, bytes, size, MSG_NOSIGNAL, nullptr, 0);
}

ssize_t send_pieces(int descriptor, std::span<const iovec> pieces, std::size_t size) {
  if (pieces.size() == 1) return send_bytes(descriptor, pieces[0].iov_base, size);
  if (size <= copied_max) {
    std::array<char, copied_max> bytes;
    char* at = bytes.data();
    for (const iovec& piece : pieces) {
      at = std::copy_n(static_cast<const char*>(piece.iov_base), piece.iov_len, at);
    }
    return send_bytes(descriptor, bytes.data(), size);
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  return ::sendmsg(descriptor, &message, MSG_NOSIGNAL);
}

}  // namespace

Progress Socket::read(std::span<char> buffer) {
  GH_ASSERT(!buffer.empty());  // 0 bytes would look like the end
  if (!readable_) return Progress::blocked();
  ssize_t count;
  do {
    count = receive(descriptor_, buffer);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return explain(errno, readable_);
  const auto bytes = static_cast<std::size_t>(count);
  // The end of the stream may have come with the same event, and there is no other one for it.
  if (bytes < buffer.size() && !hung_up_) readable_ = false;
  if (bytes == 0) readable_ = hung_up_ = true;
  return Progress::moved(bytes);
}

Progress Socket::write(std::span<const iovec> pieces) {
  if (!writable_) return Progress::blocked();
  pieces = pieces.first(std::min<std::size_t>(pieces.size(), IOV_MAX));
  const std::size_t size = size_of(pieces);
  ssize_t count;
  do {
    count = send_pieces(descriptor_, pieces, size);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return explain(errno, writable_);
  const auto bytes = static_cast<std::size_t>(count);
  if (bytes < size) writable_ = false;
  return Progress::moved(bytes);
}

Progress Socket::explain(int error, bool& possible) {
  if (error == EAGAIN || error == EWOULDBLOCK) {
    possible = false;
    return Progress::blocked();
  }
  error_ = error;
  return Progress::failed();
}

void Socket::note(std::uint32_t events) {
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) hung_up_ = true;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) readable_ = true;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) writable_ = true;
}

bool Socket::is_quiet() {
  if (!is_open() || hung_up_) return false;
  if (!readable_) return true;
  char byte;
  if (::recv(descriptor_, &byte, 1, MSG_PEEK) >= 0 || errno != EAGAIN) return false;
  readable_ = false;
  return true;
}

void Socket::shutdown_write() {
  if (is_open()) ::shutdown(descriptor_, SHUT_WR);
}

void Socket::close() {
  if (!is_open()) return;
  ::close(std::exchange(descriptor_, -1));
  readable_ = writable_ = hung_up_ = true;  // so that reads and writes fail instead of waiting
}

}  // namespace gatehouse::net
