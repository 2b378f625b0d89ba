// SPDX-License-Identifier: Apache-2.0
#include "publisher/announcer.h"

#include <fmt/format.h>

#include "core/log.h"
#include "model/hint.h"

namespace gatehouse::publisher {

namespace {

constexpr std::uint64_t small_changes_max = 100;  // of more the content is not even looked at

}  // namespace

Result<> Announcer::start() {
  GH_TRY(head, api_manager_.read(storage::change_head));
  told_ = head.number;
  thread_ = std::thread([this] { run(); });
  return {};
}

void Announcer::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Announcer::committed() {
  {
    const std::lock_guard lock(mutex_);
    committed_ = true;
  }
  wake_.notify_one();
}

void Announcer::run() {
  bool reachable = true;
  for (;;) {
    Whose whose = Whose::anybodys;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, look_every_, [this] { return committed_ || stopping_; });
      if (stopping_) return;
      if (std::exchange(committed_, false)) whose = Whose::own;
    }
    const Result<> told = announce(whose);
    if (!told && reachable) {
      log_warning("Changes are not told: {} {}", told.error().message, told.error().detail);
    }
    reachable = told.has_value();
  }
}

Result<> Announcer::announce(Whose whose) {
  GH_TRY(head, api_manager_.read(storage::change_head));
  if (head.number <= told_) return {};
  feed_.wake(head.number);
  if (whose == Whose::own && head.number - told_ <= small_changes_max) tell_contents(told_);
  bus_.publish(bus::subject_changes,
               fmt::format("{{\"number\":{},\"previous\":{}}}", head.number, told_));
  told_ = head.number;
  return {};
}

// Each set of environments is read by itself, perhaps beyond the others: its range says where it
// leads to, and the next one may begin before that.
void Announcer::tell_contents(std::uint64_t from) {
  for (const std::vector<std::string>& environments : feed_.asked_lately()) {
    const auto range = feed_.small_range(environments, from);
    if (!range) {
      log_warning("Changes are not told: {} {}", range.error().message, range.error().detail);
      continue;
    }
    if (!range->has_value()) continue;
    const std::string text = json::serialize(to_json(**range));
    if (text.size() > model::hint_bytes_max) continue;
    bus_.publish(model::changes_subject(environments), text);
  }
}

}  // namespace gatehouse::publisher
