// SPDX-License-Identifier: Apache-2.0
#include "gateway/relay.h"

namespace gatehouse::gateway {

namespace {

// How long the rest of a frame may take once the call has to end.
constexpr std::chrono::milliseconds rest_time{25};
// How long a backend may go on after the client has sent its last.
constexpr std::chrono::seconds half_open_time{10};
// How long the client's last frame may take.
constexpr std::chrono::milliseconds close_time{500};

}  // namespace

Relay::Relay(Sides sides, std::chrono::milliseconds idle)
    : loop_(sides.client.loop()),
      client_(sides.client),
      backend_(std::move(sides.backend)),
      idle_(idle),
      early_(std::move(sides.early)),
      cut_(loop_, [this] {
        backend_->close();
        client_.close();
      }) {}

net::Task<> Relay::run() {
  if (!ending_) {
    touch();
    upward_.spawn(carry_up());
    co_await carry_down();
    upward_.cancel();
  }
  cut_.cancel();
  backend_->close();
  co_await leave_client();
}

void Relay::touch() {
  if (client_gone_) return;
  const Tick deadline = loop_.tick() + idle_;
  client_.set_deadline(deadline);
  backend_->set_deadline(deadline);
}

void Relay::end(http::CloseCode code) {
  if (ending_) return;
  ending_ = code;
  upward_.cancel();
  if (frames_.between_frames() && !writing_down_) {
    backend_->close();  // who waits for it goes on
  } else {
    cut_.set(loop_.tick() + rest_time);
  }
}

// The scratch is everybody's after the next wait: what could not be written at once is kept.
net::Task<Result<>> Relay::write(net::Stream& to, std::string_view bytes) {
  if (bytes.empty()) co_return Result<>();
  const net::Progress progress = to.try_write(bytes);
  if (progress.state == net::Progress::State::moved) bytes.remove_prefix(progress.bytes);
  if (bytes.empty()) co_return Result<>();
  const std::string rest(bytes);
  const Result<> written = co_await to.write_all(rest);
  co_return written;
}

net::Task<> Relay::carry_up() {
  bytes_from_client_ += early_.from_client.size();
  Result<> written = co_await write(*backend_, early_.from_client);
  early_.from_client = std::string();
  while (written) {
    const Result<std::size_t> read = co_await client_.read_some(loop_.scratch());
    if (!read && client_.failure() == net::Failure::timed_out) co_return;
    if (!read) {
      backend_->close();
      co_return;
    }
    if (*read == 0) {
      client_gone_ = true;
      backend_->shutdown_write();
      backend_->set_deadline(loop_.tick() + half_open_time);
      co_return;
    }
    touch();
    bytes_from_client_ += *read;
    const std::string_view bytes(loop_.scratch().data(), *read);
    written = co_await write(*backend_, bytes);
  }
}

net::Task<> Relay::carry_down() {
  bool goes_on = co_await pass_down(early_.from_backend);
  early_.from_backend = std::string();
  while (goes_on) {
    const Result<std::size_t> read = co_await backend_->read_some(loop_.scratch());
    if (!read || *read == 0) {
      if (backend_->failure() == net::Failure::timed_out && !ending_) {
        ending_ = http::CloseCode::going_away;
      }
      co_return;
    }
    touch();
    const std::string_view bytes(loop_.scratch().data(), *read);
    goes_on = co_await pass_down(bytes);
  }
}

// False when nothing more is passed.
net::Task<bool> Relay::pass_down(std::string_view bytes) {
  std::size_t size = 0;
  while (size < bytes.size()) {
    size += frames_.take(bytes.substr(size));
    if (ending_) break;
  }
  bytes_from_backend_ += size;
  writing_down_ = true;
  const Result<> written = co_await write(client_, bytes.substr(0, size));
  writing_down_ = false;
  co_return written.has_value() && !(ending_ && frames_.between_frames());
}

net::Task<> Relay::leave_client() {
  if (!ending_ || !client_.is_open() || !frames_.between_frames() || frames_.closed()) co_return;
  client_.set_deadline(loop_.tick() + close_time);
  const http::CloseFrame frame = http::close_frame(*ending_);
  const Result<> written = co_await client_.write_all({frame.data(), frame.size()});
  if (!written) client_.close();
}

}  // namespace gatehouse::gateway
