// SPDX-License-Identifier: Apache-2.0
#include "traffic/owner.h"

#include <pthread.h>

#include "core/log.h"

namespace gatehouse::traffic {

namespace {

constexpr std::string_view office = "limits";
// Parts of a term after which an owner renews it, and another one tries to take it.
constexpr int renewals_per_term = 3;
constexpr int trials_per_term = 6;

}  // namespace

Owner::Owner(Parts parts, OwnerOptions options)
    : parts_(parts), options_(options), journal_(parts.keep) {
  parts_.metrics.gauge("gatehouse_limits_owner", "",
                       "Whether this node decides about the limits of all gateways",
                       [this] { return leading_ ? 1.0 : 0.0; });
}

Owner::~Owner() { stop(); }

Result<> Owner::start() {
  if (!parts_.keep.is_shared()) GH_CHECK(lead());
  asks_ = parts_.bus.subscribe(std::string(limits::subject_ask), [this](std::string_view bytes) {
    // Whoever does not lead has nothing to say; who does may have begun by the time it is read.
    loop_.post([this, message = std::string(bytes)] {
      if (!coordinator_) return;
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
  if (!coordinator_) return;
  leading_ = false;
  const Result<> closed = close_journal();
  if (!closed) log_error("{}: {}", closed.error().message, closed.error().detail);
  // An office that is not left is free when its term is over.
  const Result<> left = parts_.keep.leave(office, held_);
  if (!left) log_warning("The office of limits: {}", left.error().message);
  coordinator_.reset();
}

Result<> Owner::close_journal() {
  if (journal_is_behind_) GH_CHECK(journal_.load());
  return journal_.close_cleanly(coordinator_->reservations(limits::Coordinator::Extent::granted));
}

net::Task<> Owner::tick() {
  for (;;) {
    hold_office();
    if (coordinator_) {
      coordinator_->on_tick(parts_.clock.now());
      flush();
    }
    co_await loop_.sleep_for(options_.tick);
  }
}

// Takes the office, or keeps it.
void Owner::hold_office() {
  const Tick now = parts_.clock.tick();
  if (now < next_trial_) return;
  if (coordinator_) {
    renew();
    return;
  }
  next_trial_ = now + parts_.keep.term() / trials_per_term;
  const Result<> taken = lead();
  if (taken || taken.error().code == ErrorCode::conflict) {
    complaint_.clear();
  } else if (complaint_ != taken.error().detail) {
    complaint_ = taken.error().detail;
    log_error("Nobody may decide about limits: {}: {}", taken.error().message, complaint_);
  }
}

Result<> Owner::lead() {
  const Tick asked = parts_.clock.tick();
  GH_TRY(held, parts_.keep.take(office));
  held_ = held;
  term_end_ = asked + parts_.keep.term();
  next_trial_ = asked + parts_.keep.term() / renewals_per_term;
  Result<> begun = take_over();
  if (begun) return {};
  coordinator_.reset();
  // Another one may try at once.
  static_cast<void>(parts_.keep.leave(office, held_));
  return begun;
}

// What the former owner may have granted counts as granted. The first record in the journal is the
// fence: reservations that the former owner makes after it are refused.
Result<> Owner::take_over() {
  GH_TRY(contents, journal_.load());
  const Instant now = parts_.clock.now();
  // No journal has windows of some seconds, or bursts; of this process nobody else has granted any.
  const bool begins_closed = contents.crashed || parts_.keep.is_shared();
  coordinator_ = std::make_unique<limits::Coordinator>(
      limits::Coordinator::Options{.crashed_at = begins_closed ? now : Instant{}});
  for (const limits::Reservation& reservation : contents.reservations) {
    coordinator_->restore(reservation);
  }
  coordinator_->on_tick(now);  // forgets the windows that have passed
  GH_CHECK(journal_.rewrite(coordinator_->reservations(limits::Coordinator::Extent::reserved)));
  leading_ = true;
  if (parts_.keep.is_shared()) log_info("This node decides about limits now");
  return {};
}

// False when this owner does not lead any more.
bool Owner::renew() {
  const Tick asked = parts_.clock.tick();
  next_trial_ = asked + parts_.keep.term() / renewals_per_term;
  const Result<std::uint64_t> held = parts_.keep.renew(office, held_);
  if (held) {
    held_ = *held;
    term_end_ = asked + parts_.keep.term();
    return true;
  }
  if (held.error().code == ErrorCode::conflict || !is_in_term()) {
    step_down(held.error());
    return false;
  }
  log_warning("The office of limits is not renewed yet: {}: {}", held.error().message,
              held.error().detail);
  return true;
}

bool Owner::is_in_term() const { return parts_.clock.tick() < term_end_; }

void Owner::step_down(const Error& why) {
  log_warning("This node does not decide about limits any more: {}: {}", why.message, why.detail);
  leading_ = false;
  coordinator_.reset();
  next_trial_ = parts_.clock.tick() + parts_.keep.term() / trials_per_term;
}

void Owner::on_message(const limits::HolderMessage& message) {
  coordinator_->on_message(message, parts_.clock.now());
  if (flush_posted_) return;
  // Posted behind the asks that have arrived meanwhile: they share its write.
  flush_posted_ = true;
  loop_.post([this] {
    flush_posted_ = false;
    flush();
  });
}

void Owner::flush() {
  if (!coordinator_) return;
  // Paused for longer than a term, it may have a successor.
  if (!is_in_term() && !renew()) return;
  const std::vector<limits::Reservation> reservations = coordinator_->take_reservations();
  if (!reservations.empty()) {
    const Result<> written = write(reservations);
    if (!written && parts_.keep.is_shared()) return step_down(written.error());
    // Without a disk the grants still count in memory; only a crash would forget them.
    journal_is_behind_ = !written.has_value();
    if (!written) log_error("{}: {}", written.error().message, written.error().detail);
  }
  for (const auto& [holder, message] : coordinator_->take_messages()) {
    parts_.bus.publish(limits::reply_subject(holder), limits::encode(message));
  }
}

Result<> Owner::write(const std::vector<limits::Reservation>& reservations) {
  if (journal_is_behind_) {
    GH_CHECK(journal_.load());  // nobody knows what of the last record stands there
  } else if (!journal_.is_long()) {
    return journal_.append(reservations);
  }
  return journal_.rewrite(coordinator_->reservations(limits::Coordinator::Extent::reserved));
}

}  // namespace gatehouse::traffic
