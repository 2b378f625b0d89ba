// SPDX-License-Identifier: Apache-2.0
#include "gateway/lease_client.h"

#include "core/log.h"

namespace gatehouse::gateway {

namespace {

// Forgets its request when the task that waits dies with the client's connection.
class PermitWaiter final : public limits::Waiter {
 public:
  PermitWaiter(net::Loop& loop, limits::LeaseTable& leases, limits::Permit& permit)
      : told_(loop), leases_(leases), permit_(permit) {}
  ~PermitWaiter() override {
    if (!answered_) leases_.forget(permit_);
  }

  void answered() override {
    answered_ = true;
    told_.notify_one();
  }
  bool has_answer() const { return answered_; }
  net::Condition& told() { return told_; }

 private:
  net::Condition told_;
  limits::LeaseTable& leases_;
  limits::Permit& permit_;
  bool answered_ = false;
};

}  // namespace

LeaseClient::LeaseClient(net::Loop& loop, bus::Bus& bus, limits::LeaseTable& leases,
                         std::string holder)
    : loop_(loop), bus_(bus), leases_(leases) {
  answers_ = bus_.subscribe(limits::reply_subject(holder), [this](std::string_view bytes) {
    Result<limits::OwnerMessage> message = limits::decode_owner_message(bytes);
    if (!message) return log_warning("Limits: {}", message.error().message);
    loop_.post([this, answer = *std::move(message)] {
      leases_.on_message(answer, loop_.tick());
      speak();
    });
  });
}

net::Task<bool> LeaseClient::wait(limits::Permit& permit, Tick deadline) {
  PermitWaiter waiter(loop_, leases_, permit);
  leases_.wait(permit, waiter, loop_.tick());
  speak();
  while (!waiter.has_answer()) {
    const bool told = co_await waiter.told().wait_until(deadline);
    if (!told) break;
  }
  co_return waiter.has_answer();
}

void LeaseClient::speak() {
  if (sending_ || !leases_.has_message()) return;
  sending_ = true;
  tasks_.spawn(send());
}

net::Task<> LeaseClient::send() {
  co_await loop_.yield();  // what the rest of this turn asks goes along
  sending_ = false;
  if (leases_.has_message()) bus_.publish(limits::subject_ask, encode(leases_.take_message()));
}

}  // namespace gatehouse::gateway
