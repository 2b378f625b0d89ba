// SPDX-License-Identifier: Apache-2.0
#include "http/incoming.h"

namespace gatehouse::http {

void Incoming::begin_body(std::size_t head_size, Framing framing, std::uint64_t content_length) {
  buffer_.hold(head_size);
  body_.begin(framing, content_length);
}

BodyPiece Incoming::take_body() {
  const BodyReader::Step step = body_.read(buffer_.unread());
  buffer_.consume(step.consumed);
  return {step.data, body_.done()};
}

net::Task<Result<BodyPiece>> Incoming::read_body_some(Tick deadline) {
  for (;;) {
    const BodyPiece piece = take_body();
    if (!piece.data.empty() || piece.last) co_return piece;
    if (body_.refused()) {
      co_return fail(ErrorCode::invalid_argument, std::string(body_.reason()));
    }
    stream_->set_deadline(deadline);
    const Result<std::size_t> read = co_await stream_->read_some(buffer_.room());
    if (!read) co_return tl::unexpected<Error>(read.error());
    if (*read == 0) {
      body_.end_of_stream();
    } else {
      buffer_.added(*read);
    }
  }
}

}  // namespace gatehouse::http
