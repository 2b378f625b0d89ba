// SPDX-License-Identifier: Apache-2.0
#include "bus/local_bus.h"

namespace gatehouse::bus {

class LocalBus::Handle final : public Subscription {
 public:
  Handle(LocalBus& bus, std::list<Entry>::iterator entry) : bus_(bus), entry_(entry) {}
  ~Handle() override {
    const std::lock_guard lock(bus_.mutex_);
    bus_.entries_.erase(entry_);
  }

 private:
  LocalBus& bus_;
  std::list<Entry>::iterator entry_;
};

// Listeners are called under the mutex: they only post, and so an ended subscription is never
// called.
void LocalBus::publish(std::string_view subject, std::string_view message) {
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) {
    if (entry.subject == subject) entry.listener(message);
  }
}

std::unique_ptr<Subscription> LocalBus::subscribe(std::string subject, Listener listener) {
  const std::lock_guard lock(mutex_);
  entries_.push_back({std::move(subject), std::move(listener)});
  return std::make_unique<Handle>(*this, std::prev(entries_.end()));
}

}  // namespace gatehouse::bus
