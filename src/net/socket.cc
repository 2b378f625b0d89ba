// SPDX-License-Identifier: Apache-2.0
#include "net/socket.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "core/error.h"

namespace gatehouse::net {

namespace {

ssize_t send_pieces(int descriptor, std::span<const iovec> pieces) {
  if (pieces.size() == 1) {
    return ::send(descriptor, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  return ::sendmsg(descriptor, &message, MSG_NOSIGNAL);
}

std::size_t size_of(std::span<const iovec> pieces) {
  std::size_t size = 0;
  for (const iovec& piece : pieces) size += piece.iov_len;
  return size;
}

}  // namespace

Progress Socket::read(std::span<char> buffer) {
  GH_ASSERT(!buffer.empty());  // 0 bytes would look like the end
  if (!readable_) return Progress::blocked();
  ssize_t count;
  do {
    count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
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
  ssize_t count;
  do {
    count = send_pieces(descriptor_, pieces);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return explain(errno, writable_);
  const auto bytes = static_cast<std::size_t>(count);
  if (bytes < size_of(pieces)) writable_ = false;
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
