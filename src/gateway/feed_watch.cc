// SPDX-License-Identifier: Apache-2.0
#include "gateway/feed_watch.h"

namespace gatehouse::gateway {

namespace {

constexpr std::chrono::seconds answer_timeout = FeedWatch::wait + std::chrono::seconds(10);
// After an answer with nothing: the other side may hold as many questions as it can, and no more.
constexpr std::chrono::milliseconds pause{250};

}  // namespace

FeedWatch::FeedWatch(Parts parts)
    : parts_(std::move(parts)), client_(parts_.control_plane(loop_)), thread_([this] {
        tasks_.spawn(watch());
        loop_.run();
        tasks_.cancel();
      }) {}

void FeedWatch::stop() {
  if (!thread_.joinable()) return;
  loop_.stop();
  thread_.join();
}

net::Task<> FeedWatch::watch() {
  for (;;) {
    bool news = false;
    const std::string target = parts_.target();
    if (!target.empty()) {
      const http::Request request = http::make_request("GET", target);
      const Result<http::Response> answer = co_await client_->send(request, answer_timeout);
      news = answer && answer->status == 200 && parts_.take(answer->body);
    }
    if (!news) co_await loop_.sleep_for(pause);
  }
}

}  // namespace gatehouse::gateway
