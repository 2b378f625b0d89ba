// SPDX-License-Identifier: Apache-2.0
#include "traffic/owner.h"

#include <pthread.h>

#include "core/log.h"

namespace gatehouse::traffic {

namespace {

constexpr std::size_t journal_bytes_max = 8 * 1024 * 1024;

}  // namespace

Owner::Owner(bus::Bus& bus, const Clock& clock, OwnerOptions options)
    : bus_(bus), clock_(clock), options_(std::move(options)), journal_(options_.journal_file) {}

Owner::~Owner() { stop(); }

Result<> Owner::start() {
  GH_TRY(contents, journal_.load());
  coordinator_ = std::make_unique<limits::Coordinator>(
      limits::Coordinator::Options{.crashed_at = contents.crashed ? clock_.now() : Instant{}});
  for (const limits::Reservation& reservation : contents.reservations) {
    coordinator_->restore(reservation);
  }
  coordinator_->on_tick(clock_.now());  // forgets the windows that have passed
  GH_CHECK(journal_.rewrite(coordinator_->reservations(limits::Coordinator::Extent::reserved)));
  asks_ = bus_.subscribe(std::string(limits::subject_ask), [this](std::string_view bytes) {
    loop_.post([this, message = std::string(bytes)] {
      const Result<limits::HolderMessage> decoded = limits::decode_holder_message(message);
      if (decoded) on_message(*decoded);
    });
  });
  loop_.spawn(tick());
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "traffic");
    loop_.run();
  });
  return {};
}

void Owner::stop() {
  if (!thread_.joinable()) return;
  asks_.reset();
  loop_.stop();
  thread_.join();
  loop_.cancel_tasks();
  const Result<> closed =
      journal_.close_cleanly(coordinator_->reservations(limits::Coordinator::Extent::granted));
  if (!closed) log_error("{}: {}", closed.error().message, closed.error().detail);
}

net::Task<> Owner::tick() {
  for (;;) {
    co_await loop_.sleep_for(options_.tick);
    coordinator_->on_tick(clock_.now());
    flush();
  }
}

void Owner::on_message(const limits::HolderMessage& message) {
  coordinator_->on_message(message, clock_.now());
  if (flush_posted_) return;
  // Posted behind the asks that have arrived meanwhile: they share its sync.
  flush_posted_ = true;
  loop_.post([this] {
    flush_posted_ = false;
    flush();
  });
}

void Owner::flush() {
  const std::vector<limits::Reservation> reservations = coordinator_->take_reservations();
  if (!reservations.empty()) {
    const Result<> written =
        journal_.size() < journal_bytes_max
            ? journal_.append(reservations)
            : journal_.rewrite(coordinator_->reservations(limits::Coordinator::Extent::reserved));
    // Without a disk the grants still count in memory; only a crash would forget them.
    if (!written) log_error("{}: {}", written.error().message, written.error().detail);
  }
  for (const auto& [holder, message] : coordinator_->take_messages()) {
    bus_.publish(limits::reply_subject(holder), limits::encode(message));
  }
}

}  // namespace gatehouse::traffic
