// SPDX-License-Identifier: Apache-2.0
#include "bus/nats_receiver.h"

#include <pthread.h>

#include "core/log.h"

namespace gatehouse::bus {

NatsReceiver::NatsReceiver(const NatsOptions& options, Metrics& metrics, Heard heard)
    : heard_(std::move(heard)),
      received_(
          metrics.counter("gatehouse_bus_received_total", "", "Messages heard from a NATS server")),
      link_(options, "subscribe", metrics, [this] {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        wake_.notify_one();
      }) {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "bus-subscribe");
    run();
  });
}

NatsReceiver::~NatsReceiver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void NatsReceiver::want(std::string_view subject) {
  const std::lock_guard lock(mutex_);
  if (wants_[std::string(subject)]++ > 0) return;
  ++wanted_;
  wake_.notify_one();
}

void NatsReceiver::forget(std::string_view subject) {
  const std::lock_guard lock(mutex_);
  const auto found = wants_.find(subject);
  if (found == wants_.end() || --found->second > 0) return;
  wants_.erase(found);
  ++wanted_;
  wake_.notify_one();
}

bool NatsReceiver::settled(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = wanted_;
  return changed_.wait_for(lock, timeout, [&] { return applied_ >= wanted; });
}

void NatsReceiver::run() {
  for (;;) {
    if (!link_.is_connected()) hang_up();
    const bool connected = link_.open(std::chrono::steady_clock::now());
    std::map<std::string, int, std::less<>> wanted;
    std::uint64_t number = 0;
    {
      std::unique_lock lock(mutex_);
      if (connected) {
        wake_.wait(lock, [this] { return stopping_ || ended_ || applied_ < wanted_; });
      } else {
        wake_.wait_until(lock, link_.next_trial(), [this] { return stopping_; });
      }
      if (stopping_) break;
      if (!connected || std::exchange(ended_, false)) continue;
      wanted = wants_;
      number = wanted_;
    }
    if (!apply(wanted)) continue;
    const std::lock_guard lock(mutex_);
    applied_ = number;
    changed_.notify_all();
  }
  hang_up();
}

bool NatsReceiver::apply(const std::map<std::string, int, std::less<>>& wanted) {
  std::erase_if(subscriptions_, [&](auto& item) {
    if (wanted.contains(item.first)) return false;
    natsSubscription_Destroy(item.second);
    return true;
  });
  bool good = true;
  for (const auto& [subject, count] : wanted) {
    if (!subscriptions_.contains(subject)) good = subscribe(subject) && good;
  }
  // A round trip: the server has read all of it. A connection that cannot is made anew.
  if (good && link_.flush()) return true;
  hang_up();
  return false;
}

bool NatsReceiver::subscribe(const std::string& subject) {
  const auto ear = new Ear{this, subject};  // on_complete deletes it
  natsSubscription* made = nullptr;
  natsStatus status =
      natsConnection_Subscribe(&made, link_.get(), subject.c_str(), &NatsReceiver::on_message, ear);
  if (status != NATS_OK) {
    delete ear;
    log_warning("NATS: {} cannot be heard: {}", subject, natsStatus_GetText(status));
    return false;
  }
  {
    const std::lock_guard lock(mutex_);
    ++ears_;
  }
  status = natsSubscription_SetOnCompleteCB(made, &NatsReceiver::on_complete, ear);
  if (status != NATS_OK) {
    // The connection is over already, and nobody will say when the last message has been heard.
    lost_ears_.emplace_back(ear);
    natsSubscription_Destroy(made);
    const std::lock_guard lock(mutex_);
    --ears_;
    return false;
  }
  subscriptions_[subject] = made;
  return true;
}

// Ends the connection and what it subscribed; afterwards the library uses none of it.
void NatsReceiver::hang_up() {
  for (const auto& [subject, subscription] : subscriptions_) natsSubscription_Destroy(subscription);
  subscriptions_.clear();
  link_.close();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ears_ == 0; });
  applied_ = 0;
  ended_ = false;
}

void NatsReceiver::on_message(natsConnection* /*connection*/, natsSubscription* /*subscription*/,
                              natsMsg* message, void* ear) {
  const auto& self = *static_cast<Ear*>(ear);
  self.receiver->received_.add();
  const char* const data = natsMsg_GetData(message);
  self.receiver->heard_(self.subject,
                        {data, static_cast<std::size_t>(natsMsg_GetDataLength(message))});
  natsMsg_Destroy(message);
}

void NatsReceiver::on_complete(void* ear) {
  NatsReceiver& receiver = *static_cast<Ear*>(ear)->receiver;
  delete static_cast<Ear*>(ear);
  const std::lock_guard lock(receiver.mutex_);
  --receiver.ears_;
  receiver.changed_.notify_all();
}

}  // namespace gatehouse::bus
