// SPDX-License-Identifier: Apache-2.0
#include "bus/nats_sender.h"

#include <pthread.h>

#include "core/log.h"

namespace gatehouse::bus {

namespace {

constexpr std::int64_t last_flush_ms = 500;

constexpr const char* dropped_name = "gatehouse_bus_dropped_total";
constexpr const char* dropped_help = "Messages that this node could not send to a NATS server";

}  // namespace

NatsSender::NatsSender(const NatsOptions& options, Metrics& metrics)
    : sent_(metrics.counter("gatehouse_bus_sent_total", "", "Messages sent to a NATS server")),
      dropped_(metrics.counter(dropped_name, "reason=\"away\"", dropped_help)),
      too_large_(metrics.counter(dropped_name, "reason=\"too_large\"", dropped_help)),
      link_(options, "publish", metrics, [this] {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        wake_.notify_one();
      }) {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "bus-publish");
    run();
  });
}

NatsSender::~NatsSender() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void NatsSender::send(std::string subject, std::string bytes) {
  const std::lock_guard lock(mutex_);
  bytes_ += bytes.size();
  messages_.push_back({std::move(subject), std::move(bytes), std::chrono::steady_clock::now()});
  while (bytes_ > bytes_max) {
    bytes_ -= messages_.front().bytes.size();
    messages_.pop_front();
    dropped_.add();
  }
  wake_.notify_one();
}

void NatsSender::run() {
  for (;;) {
    const bool connected = link_.open(std::chrono::steady_clock::now());
    std::deque<Message> messages;
    bool stopping = false;
    {
      std::unique_lock lock(mutex_);
      const auto has_work = [&] { return stopping_ || ended_ || !messages_.empty(); };
      if (connected) {
        wake_.wait(lock, has_work);
      } else {
        wake_.wait_until(lock, link_.next_trial(), [this] { return stopping_; });
      }
      ended_ = false;
      stopping = stopping_;
      if (connected) {
        messages.swap(messages_);
        bytes_ = 0;
      }
    }
    send_all(messages);
    if (!stopping) continue;
    if (link_.is_connected()) natsConnection_FlushTimeout(link_.get(), last_flush_ms);
    return;
  }
}

void NatsSender::send_all(std::deque<Message>& messages) {
  while (!messages.empty()) {
    const bool late = std::chrono::steady_clock::now() - messages.front().since > age_max;
    if (late) {
      dropped_.add();
    } else if (!send_one(messages.front())) {
      return put_back(messages);
    }
    messages.pop_front();
  }
}

bool NatsSender::send_one(const Message& message) {
  const natsStatus status =
      natsConnection_Publish(link_.get(), message.subject.c_str(), message.bytes.data(),
                             static_cast<int>(message.bytes.size()));
  if (status == NATS_OK) {
    sent_.add();
    return true;
  }
  if (status == NATS_MAX_PAYLOAD) {
    too_large_.add();
    log_error(
        "NATS: {} bytes of {} are more than a server takes (max_payload); other nodes do not "
        "hear them",
        message.bytes.size(), message.subject);
    return true;
  }
  link_.close();
  return false;
}

// Before what has come meanwhile.
void NatsSender::put_back(std::deque<Message>& messages) {
  const std::lock_guard lock(mutex_);
  for (; !messages.empty(); messages.pop_back()) {
    bytes_ += messages.back().bytes.size();
    messages_.push_front(std::move(messages.back()));
  }
}

}  // namespace gatehouse::bus
