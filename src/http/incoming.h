// SPDX-License-Identifier: Apache-2.0
//
// The bytes that arrive on one connection, as bodies of messages: what both sides of HTTP share.
//
// Thread:  one event loop.
// Memory:  views of a body stay valid until the next read_body_some.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"
#include "http/body.h"
#include "http/buffer.h"
#include "net/stream.h"

namespace gatehouse::http {

// A part of a body, possibly empty. After the `last` one nothing follows.
struct BodyPiece {
  std::string_view data;
  bool last = false;
};

class Incoming {
 public:
  Incoming(std::unique_ptr<net::Stream> stream, BlockPool& blocks)
      : stream_(std::move(stream)), buffer_(blocks) {}

  net::Stream& stream() const { return *stream_; }
  bool has_stream() const { return stream_ != nullptr; }
  Buffer& buffer() { return buffer_; }
  const BodyReader& body() const { return body_; }

  // The next message has this body; `head_size` unread bytes are its head and stay in place.
  void begin_body(std::size_t head_size, Framing framing, std::uint64_t content_length);

  // What has arrived of the body, without waiting: one piece at a time, empty when there is none.
  // Views of earlier pieces stay valid.
  BodyPiece take_body();
  // The next piece, waiting for it until `deadline`, which becomes the stream's. Not empty, unless
  // it is the last.
  // Error: invalid_argument, when the body is malformed or cut: body().reason(); unavailable, when
  // the stream failed or its deadline passed.
  net::Task<Result<BodyPiece>> read_body_some(Tick deadline);

  // Ends this object's part: the stream is somebody else's now, and stream() nobody's.
  std::unique_ptr<net::Stream> take_stream() { return std::move(stream_); }

 private:
  std::unique_ptr<net::Stream> stream_;
  Buffer buffer_;
  BodyReader body_;
};

}  // namespace gatehouse::http
