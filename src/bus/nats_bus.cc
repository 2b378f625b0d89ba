// SPDX-License-Identifier: Apache-2.0
#include "bus/nats_bus.h"

namespace gatehouse::bus {

namespace {

constexpr std::string_view prefix = "gatehouse.";
constexpr std::size_t origin_size = 8;

std::string full(std::string_view subject) { return std::string(prefix).append(subject); }

}  // namespace

class NatsBus::Handle final : public Subscription {
 public:
  Handle(NatsReceiver& receiver, std::string subject, std::unique_ptr<Subscription> local)
      : receiver_(receiver), subject_(std::move(subject)), local_(std::move(local)) {}
  ~Handle() override { receiver_.forget(subject_); }

 private:
  NatsReceiver& receiver_;
  const std::string subject_;
  const std::unique_ptr<Subscription> local_;
};

NatsBus::NatsBus(const NatsOptions& options, Random& random, Metrics& metrics)
    : origin_(random.bytes(origin_size)),
      receiver_(
          options, metrics,
          [this](std::string_view subject, std::string_view bytes) { heard(subject, bytes); }),
      sender_(options, metrics) {}

void NatsBus::publish(std::string_view subject, std::string_view message) {
  listeners_.publish(subject, message);
  sender_.send(full(subject), std::string(origin_).append(message));
}

std::unique_ptr<Subscription> NatsBus::subscribe(std::string subject, Listener listener) {
  std::string wanted = full(subject);
  auto local = listeners_.subscribe(std::move(subject), std::move(listener));
  receiver_.want(wanted);
  return std::make_unique<Handle>(receiver_, std::move(wanted), std::move(local));
}

void NatsBus::heard(std::string_view subject, std::string_view bytes) {
  if (bytes.size() < origin_size || bytes.substr(0, origin_size) == origin_) return;
  listeners_.publish(subject.substr(prefix.size()), bytes.substr(origin_size));
}

}  // namespace gatehouse::bus
