// SPDX-License-Identifier: Apache-2.0
//
// A backend of which a test says byte for byte what it answers.
//
// Thread:  one event loop.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "net/listener.h"
#include "net/stream.h"
#include "net/task_group.h"

namespace gatehouse::http {

// A backend that answers each request with the next text, whatever the request is. "<close>" in it
// ends the connection there, "<later>" waits a moment, and an empty text ends it without an answer.
class ScriptedBackend {
 public:
  explicit ScriptedBackend(net::Loop& loop) {
    auto listener = net::Listener::open(loop, {.endpoint = net::Endpoint::loopback(0)},
                                        [this](std::unique_ptr<net::Stream> stream) {
                                          ++connections;
                                          tasks_.spawn(serve(std::move(stream)));
                                        });
    GH_ASSERT(listener.has_value());
    listener_ = *std::move(listener);
  }

  std::uint16_t port() const { return listener_->port(); }

  std::deque<std::string> answers;
  std::vector<std::string> requests;
  int connections = 0;
  bool idle = true;  // everything of the last answer is sent

 private:
  net::Task<> serve(std::unique_ptr<net::Stream> stream) {
    std::array<char, 4096> buffer;
    for (;;) {
      std::string request;
      while (request.find("\r\n\r\n") == std::string::npos) {
        const Result<std::size_t> read = co_await stream->read_some(buffer);
        if (!read || *read == 0) co_return;
        request.append(buffer.data(), *read);
      }
      requests.push_back(request);
      GH_ASSERT(!answers.empty());
      std::string answer = std::move(answers.front());
      answers.pop_front();
      if (answer.empty()) co_return;
      idle = false;
      for (;;) {
        const std::size_t pause = answer.find("<later>");
        const std::size_t close = answer.find("<close>");
        const Result<> sent =
            co_await stream->write_all(std::string_view(answer).substr(0, std::min(pause, close)));
        if (!sent || close < pause) co_return;
        if (pause == std::string::npos) break;
        answer.erase(0, pause + 7);
        co_await stream->loop().sleep_for(std::chrono::milliseconds(2));
      }
      idle = true;
    }
  }

  std::unique_ptr<net::Listener> listener_;
  net::TaskGroup tasks_;
};

}  // namespace gatehouse::http
