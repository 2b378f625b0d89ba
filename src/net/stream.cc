// SPDX-License-Identifier: Apache-2.0
#include "net/stream.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstring>
#include <utility>

namespace gatehouse::net {

Stream::Stream(Loop& loop, int descriptor, const Endpoint& peer)
    : Deadline(loop.wheel()), loop_(loop), socket_(descriptor), peer_(peer) {
  const Result<> watched =
      loop_.watch(descriptor, *this, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  if (!watched) socket_.close();  // reads and writes say so
}

Stream::~Stream() {
  GH_ASSERT(!reader_ && !writer_);
  if (tls_ && is_open()) tls_->say_goodbye();
  loop_.forget(*this);
}

Endpoint Stream::local() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (::getsockname(descriptor(), address, &size) != 0) return {};
  return Endpoint::from(*address);
}

// A waiting task may destroy the stream when it goes on, so the second one only becomes ready.
void Stream::on_events(std::uint32_t events) {
  socket_.note(events);
  Wait* reader = reader_ && (socket_.readable() || tls_) ? reader_ : nullptr;
  Wait* writer = writer_ && (socket_.writable() || tls_) ? writer_ : nullptr;
  if (reader && writer) {
    writer->stand_down();
    loop_.make_ready(*writer);
    writer = nullptr;
  }
  if (Wait* wait = reader ? reader : writer) {
    wait->stand_down();
    wait->on_ready();
  }
}

void Stream::on_deadline() {
  if (reader_) reader_->give_up();
  if (writer_) writer_->give_up();
}

void Stream::close() {
  if (!is_open()) return;
  closed_here_ = true;
  if (tls_) tls_->say_goodbye();
  socket_.close();
  loop_.forget(*this);
  on_deadline();
}

void Stream::shutdown_write() {
  if (tls_) tls_->say_goodbye();
  socket_.shutdown_write();
}

bool Stream::is_reusable() {
  return is_open() && (tls_ ? !socket_.hung_up() && tls_->is_quiet() : socket_.is_quiet());
}

Failure Stream::failure() const {
  if (closed_here_) return Failure::closed;
  if (tls_ && !tls_->failure().empty()) return Failure::tls;
  if (socket_.error() != 0 || !is_open()) return Failure::broken;
  return deadline_passed() ? Failure::timed_out : Failure::none;
}

Error Stream::error() const {
  const std::string peer = peer_.text();
  switch (failure()) {
    case Failure::timed_out: return {ErrorCode::unavailable, "The connection took too long", peer};
    case Failure::closed: return {ErrorCode::unavailable, "The connection was closed", peer};
    case Failure::tls:
      return {ErrorCode::unavailable, "The encrypted connection failed",
              peer + ": " + tls_->failure()};
    case Failure::broken:
    case Failure::none: break;
  }
  return {ErrorCode::unavailable, "The connection broke",
          peer + ": " + std::strerror(socket_.error())};
}

Task<Result<>> Stream::start_tls(std::shared_ptr<const TlsServer> server) {
  GH_ASSERT(!tls_);
  tls_ = std::make_unique<TlsSession>(socket_, std::move(server));
  return handshake();
}

Task<Result<>> Stream::start_tls(std::shared_ptr<const TlsClient> client,
                                 const std::string& server_name) {
  GH_ASSERT(!tls_);
  tls_ = std::make_unique<TlsSession>(socket_, std::move(client), server_name);
  return handshake();
}

Task<Result<>> Stream::handshake() {
  for (;;) {
    const Progress progress = tls_->handshake();
    if (progress.state == Progress::State::moved) co_return {};
    if (progress.state == Progress::State::failed) co_return tl::unexpected<Error>(error());
    Readiness readiness =
        tls_->wants_to_write() ? Readiness::to_write(*this) : Readiness::to_read(*this);
    const Result<> ready = co_await readiness;
    if (!ready) co_return tl::unexpected<Error>(ready.error());
  }
}

// Sends in a row wake a peer on another processor once, sends between reads wake it each time: that
// is 3 % of a proxied call. So what is written while events are served leaves when they are.
bool Stream::Wait::await_ready() {
  yields_ = ++stream_.streak_ > streak_max ||
            (direction_ == Direction::writing && stream_.loop_.serves_events());
  if (yields_) return false;
  progress_ = attempt();
  if (progress_.state != Progress::State::blocked) return true;
  if (!stream_.deadline_passed()) return false;
  progress_ = Progress::failed();
  return true;
}

void Stream::Wait::await_suspend(std::coroutine_handle<> coroutine) {
  coroutine_ = coroutine;
  stream_.streak_ = 0;
  if (yields_) {
    stream_.loop_.make_ready(*this);
  } else {
    stand();
  }
  stream_.loop_.suspended();
}

void Stream::Wait::stand() {
  Wait*& place = direction_ == Direction::reading ? stream_.reader_ : stream_.writer_;
  GH_ASSERT(!place);  // one task reads, one writes
  place = this;
  stands_ = true;
}

void Stream::Wait::stand_down() {
  (direction_ == Direction::reading ? stream_.reader_ : stream_.writer_) = nullptr;
  stands_ = false;
}

void Stream::Wait::give_up() {
  progress_ = Progress::failed();
  stand_down();
  stream_.loop_.make_ready(*this);
}

void Stream::Wait::on_ready() {
  if (progress_.state == Progress::State::blocked) progress_ = attempt();
  if (progress_.state == Progress::State::blocked) {
    if (!stream_.deadline_passed()) return stand();
    progress_ = Progress::failed();
  }
  coroutine_.resume();
}

Progress Stream::Readiness::attempt() {
  const bool ready =
      direction_ == Direction::reading ? stream_.may_read() : stream_.socket_.writable();
  return ready ? Progress::moved(0) : Progress::blocked();
}

Progress Stream::Write::attempt() {
  while (!pieces_.empty()) {
    const Progress progress = stream_.try_write(pieces_);
    if (progress.state != Progress::State::moved) return progress;
    std::size_t left = progress.bytes;
    while (!pieces_.empty() && left >= pieces_.front().iov_len) {
      left -= pieces_.front().iov_len;
      pieces_ = pieces_.subspan(1);
    }
    if (left > 0) {
      iovec& piece = pieces_.front();
      piece = {static_cast<char*>(piece.iov_base) + left, piece.iov_len - left};
    }
  }
  return Progress::moved(0);
}

bool Stream::may_read() {
  if (!tls_ || !is_open()) return socket_.readable();
  return tls_->may_read();
}

}  // namespace gatehouse::net
