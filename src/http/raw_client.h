// SPDX-License-Identifier: Apache-2.0
//
// A client for tests that sends bytes as they are, right or wrong, and reads whole answers. Each
// call runs the loop until it is done, the server under test on the same loop included.
//
// Thread:  the one that owns the loop.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "http/body.h"
#include "net/connect.h"

namespace gatehouse::http {

class RawClient {
 public:
  struct Answer {
    int status = 0;    // 0: the connection ended instead
    std::string head;  // with its empty line
    std::string body;

    bool says(std::string_view field) const { return head.find(field) != std::string::npos; }
  };

  RawClient(net::Loop& loop, std::uint16_t port,
            std::shared_ptr<const net::TlsClient> tls = nullptr)
      : loop_(loop), stream_(loop.run_until_done(connect(loop, port, std::move(tls)))) {}

  void send(std::string_view bytes) { loop_.run_until_done(write(*this, bytes)); }
  // The next answer; `method` is the one that was asked with.
  Answer read(Method method = Method::get) {
    return loop_.run_until_done(read_answer(*this, method));
  }
  Answer ask(std::string_view bytes, Method method = Method::get) {
    send(bytes);
    return read(method);
  }
  // True when nothing more comes and the server has ended the connection.
  bool at_end() { return loop_.run_until_done(read_more(*this)) == 0 && buffer_.empty(); }
  void end_sending() { stream_->shutdown_write(); }
  void close() { stream_->close(); }

 private:
  static net::Task<std::unique_ptr<net::Stream>> connect(
      net::Loop& loop, std::uint16_t port, std::shared_ptr<const net::TlsClient> tls) {
    const net::Endpoint endpoint = net::Endpoint::loopback(port);
    const net::ConnectOptions options{loop.tick() + std::chrono::seconds(5), std::move(tls),
                                      "localhost"};
    auto stream = co_await net::connect(loop, std::span(&endpoint, 1), options);
    GH_ASSERT(stream.has_value());
    co_return *std::move(stream);
  }

  static net::Task<> write(RawClient& self, std::string_view bytes) {
    self.stream_->set_deadline(self.loop_.tick() + std::chrono::seconds(5));
    // A server that refuses may have closed already; what it said is read later.
    const Result<> written = co_await self.stream_->write_all(bytes);
    static_cast<void>(written);
  }

  static net::Task<std::size_t> read_more(RawClient& self) {
    std::array<char, 4096> bytes;
    self.stream_->set_deadline(self.loop_.tick() + std::chrono::seconds(5));
    const Result<std::size_t> read = co_await self.stream_->read_some(bytes);
    if (!read) GH_ASSERT(self.stream_->failure() != net::Failure::timed_out);
    const std::size_t size = read ? *read : 0;
    self.buffer_.append(bytes.data(), size);
    co_return size;
  }

  static net::Task<Answer> read_answer(RawClient& self, Method method) {
    Answer answer;
    ResponseHead head;
    while (head.read(self.buffer_, method) != HeadState::complete) {
      GH_ASSERT(head.refusal().status == 0);
      const std::size_t more = co_await read_more(self);
      if (more == 0) co_return answer;
    }
    answer.status = head.status();
    answer.head = self.buffer_.substr(0, head.size());
    self.buffer_.erase(0, head.size());
    BodyReader body;
    body.begin(head.framing(), head.content_length());
    while (!body.done()) {
      const BodyReader::Step step = body.read(self.buffer_);
      answer.body += step.data;
      self.buffer_.erase(0, step.consumed);
      GH_ASSERT(!body.refused());
      if (step.consumed > 0 || body.done()) continue;
      const std::size_t more = co_await read_more(self);
      if (more == 0) body.end_of_stream();
    }
    co_return answer;
  }

  net::Loop& loop_;
  std::unique_ptr<net::Stream> stream_;
  std::string buffer_;
};

}  // namespace gatehouse::http
