// SPDX-License-Identifier: Apache-2.0
//
// Carries the bytes of a WebSocket both ways once it is open, as fast as the slower side takes
// them.
//
// Frames pass as they are. The gateway knows only where those for the client end, so that its own
// close frame can stand between two of them when it has to end the call.
//
// Thread:  one event loop.
// Memory:  nothing while both sides are quiet or quick; up to 64 KiB for a side that is slow.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/websocket.h"
#include "net/stream.h"
#include "net/task_group.h"
#include "net/timer.h"

namespace gatehouse::gateway {

class Relay {
 public:
  // What had come behind the heads.
  struct Early {
    std::string from_client;
    std::string from_backend;
  };
  struct Sides {
    net::Stream& client;  // outlives it
    std::unique_ptr<net::Stream> backend;
    Early early;
  };
  // After `idle` without a byte either way both sides are left.
  Relay(Sides sides, std::chrono::milliseconds idle);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Until one side ends, or end() is called. The client may have got a close frame then, and gets
  // nothing more; its connection is ended by whoever owns it.
  net::Task<> run();

  // From now on the backend gets nothing, and the client no more than the rest of the frame that it
  // is getting, for which there is little time; then a close frame.
  void end(http::CloseCode code);

  std::uint64_t bytes_from_client() const { return bytes_from_client_; }
  std::uint64_t bytes_from_backend() const { return bytes_from_backend_; }

 private:
  net::Task<> carry_up();
  net::Task<> carry_down();
  net::Task<bool> pass_down(std::string_view bytes);
  net::Task<Result<>> write(net::Stream& to, std::string_view bytes);
  net::Task<> leave_client();
  void touch();

  net::Loop& loop_;
  net::Stream& client_;
  const std::unique_ptr<net::Stream> backend_;
  const std::chrono::milliseconds idle_;
  Early early_;

  http::FrameCounter frames_;  // for the client
  bool writing_down_ = false;
  bool client_gone_ = false;  // it sends nothing more
  std::optional<http::CloseCode> ending_;
  std::uint64_t bytes_from_client_ = 0;
  std::uint64_t bytes_from_backend_ = 0;
  net::Timer cut_;         // of a frame that does not end
  net::TaskGroup upward_;  // last: it uses all of the above while it dies
};

}  // namespace gatehouse::gateway
