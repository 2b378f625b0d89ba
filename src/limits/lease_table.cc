// SPDX-License-Identifier: Apache-2.0
#include "limits/lease_table.h"

#include <algorithm>

#include "core/error.h"

namespace gatehouse::limits {

void Permit::add(const Key& key, const Limit& limit, model::WhenSilent when_silent) {
  GH_ASSERT(size_ < demands_max);
  demands_[size_++] = Demand{.key = key, .limit = limit, .when_silent = when_silent};
}

LeaseTable::Entry& LeaseTable::entry_of(const Permit::Demand& demand, Tick now) {
  auto found = entries_.find(demand.key);
  if (found == entries_.end()) {
    if (entries_.size() >= keys_max_) evict(now);
    found = entries_.emplace(demand.key, Entry{}).first;
    found->second.asked_at = now;
    ++entries_made_;
  }
  Entry& entry = found->second;
  if (!(entry.limit == demand.limit)) {
    // The policy has changed: what the owner said of the former one does not count.
    if (entry.permits > 0) out_.returns.push_back({demand.key, entry.window, entry.permits});
    entry.permits = 0;
    entry.refused_until = Tick{};
    entry.limit = demand.limit;
  }
  entry.used_at = now;
  return entry;
}

Taken LeaseTable::take(Permit& permit, Tick now) {
  std::array<Entry*, Permit::demands_max> entries{};
  const std::uint64_t made = entries_made_;
  for (std::size_t i = 0; i < permit.size_; ++i) entries[i] = &entry_of(permit.demands_[i], now);
  // Making an entry may move the others.
  for (std::size_t i = 0; entries_made_ != made && i < permit.size_; ++i) {
    entries[i] = &entries_.find(permit.demands_[i].key)->second;
  }

  Taken taken;
  for (std::size_t i = 0; i < permit.size_; ++i) {
    Permit::Demand& demand = permit.demands_[i];
    Entry& entry = *entries[i];
    if (demand.state == Permit::State::idle) ++entry.offered;
    const bool expired = entry.deadline <= now;
    const bool stale = expired || demand.window != entry.window;
    if (stale && demand.state == Permit::State::held) demand.state = Permit::State::idle;
    if (expired) entry.permits = 0;
    const bool silent = entry.asking && is_silent(demand.key, entry, now);
    const bool stopped = silent && demand.when_silent == model::WhenSilent::stop;
    if (!stopped && (demand.state == Permit::State::held || entry.permits > 0)) continue;
    if (entry.refused_until > now) {
      // A level before this one that has not answered yet might refuse first: it is asked then.
      if (taken.outcome == Outcome::unknown) return taken;
      put_back_all(permit);
      taken.outcome = Outcome::none;
      taken.refused = i;
      taken.retry_after = std::chrono::ceil<std::chrono::milliseconds>(entry.refused_until - now);
      return taken;
    }
    if (silent && demand.when_silent == model::WhenSilent::pass) {
      ++taken.passed;
      continue;
    }
    if (silent) {
      put_back_all(permit);
      taken.outcome = Outcome::silent;
      taken.refused = i;
      return taken;
    }
    taken.outcome = Outcome::unknown;
  }
  if (taken.outcome == Outcome::unknown) return taken;

  bool stands = false;
  for (std::size_t i = 0; i < permit.size_; ++i) {
    Permit::Demand& demand = permit.demands_[i];
    Entry& entry = *entries[i];
    if (demand.state == Permit::State::held) {
      demand.state = Permit::State::idle;
    } else if (entry.permits > 0) {
      --entry.permits;
    } else {
      continue;  // passes without
    }
    const Standing standing{i, entry.permits + entry.left_at_owner,
                            std::chrono::ceil<std::chrono::milliseconds>(entry.deadline - now)};
    if (!stands || standing.left < taken.standing.left) taken.standing = standing;
    stands = true;
    const bool low = entry.last_grant > 0 && entry.permits <= entry.last_grant / 4;
    if (low && entry.left_at_owner > 0 && !entry.asking) ask(demand.key, entry, now);
  }
  return taken;
}

void LeaseTable::wait(Permit& permit, Waiter& waiter, Tick now) {
  waiter.pending_ = 0;
  for (std::size_t i = 0; i < permit.size_; ++i) {
    Permit::Demand& demand = permit.demands_[i];
    Entry& entry = entries_.find(demand.key)->second;
    if (demand.state == Permit::State::held || entry.refused_until > now) continue;
    if (entry.silent && entry.permits == 0) continue;
    if (entry.permits > 0 && entry.deadline > now) {
      --entry.permits;
      demand.state = Permit::State::held;
      demand.window = entry.window;
      continue;
    }
    demand.state = Permit::State::waiting;
    demand.waiter = &waiter;
    demand.next_waiting = nullptr;
    (entry.last == nullptr ? entry.first : entry.last->next_waiting) = &demand;
    entry.last = &demand;
    ++entry.waiting;
    ++waiter.pending_;
    if (!entry.asking) ask(demand.key, entry, now);
  }
  if (waiter.pending_ == 0) waiter.answered();
}

// Of an ask that is under way. Repeats it when it has not been answered in time.
bool LeaseTable::is_silent(const Key& key, Entry& entry, Tick now) {
  if (now - entry.asked_at < silence) return entry.silent;
  entry.silent = true;
  ask(key, entry, now);
  return true;
}

void LeaseTable::ask(const Key& key, Entry& entry, Tick now) {
  const auto elapsed =
      std::max<std::chrono::duration<double>>(now - entry.asked_at, std::chrono::milliseconds(1));
  const double rate = static_cast<double>(entry.offered) / elapsed.count();
  if (!entry.asking) {
    entry.number = ++asks_made_;
    entry.first_asked_at = now;
  }
  // Waiters that join before the message leaves are in the same ask: on_grant counts them.
  out_.asks.push_back({key, entry.limit, entry.waiting,
                       static_cast<std::uint32_t>(std::min(rate, 4e9)), entry.number});
  entry.asking = true;
  entry.asked_for = entry.waiting;
  entry.offered = 0;
  entry.asked_at = now;
}

HolderMessage LeaseTable::take_message() {
  out_.holder = holder_;
  for (Ask& item : out_.asks) {
    const auto found = entries_.find(item.key);
    if (found == entries_.end()) continue;  // of a silent owner, and forgotten meanwhile
    item.need = found->second.asked_for = found->second.waiting;
  }
  return std::exchange(out_, HolderMessage{});
}

void LeaseTable::settle(Permit::Demand& demand, Permit::State state) {
  demand.state = state;
  if (--demand.waiter->pending_ == 0) ready_.push_back(demand.waiter);
  demand.waiter = nullptr;
}

void LeaseTable::on_grant(const Grant& grant, Tick now) {
  const auto found = entries_.find(grant.key);
  const bool expected =
      found != entries_.end() && found->second.asking && found->second.number == grant.number;
  if (!expected) {
    if (grant.permits > 0) out_.returns.push_back({grant.key, grant.window, grant.permits});
    return;
  }
  Entry& entry = found->second;
  entry.asking = entry.silent = false;
  if (entry.window != grant.window) entry.permits = 0;
  entry.window = grant.window;
  entry.left_at_owner = grant.left;
  entry.permits += grant.permits;
  // The holder counts from when it asked first, so its permits die before the owner's window does.
  if (grant.permits > 0) entry.deadline = entry.first_asked_at + grant.remaining;
  std::uint32_t answered = std::min(entry.asked_for, entry.waiting);
  while (entry.first != nullptr && (answered > 0 || entry.permits > 0 || grant.refused > 0)) {
    Permit::Demand& demand = *entry.first;
    entry.first = demand.next_waiting;
    if (entry.first == nullptr) entry.last = nullptr;
    --entry.waiting;
    if (answered > 0) --answered;
    if (entry.permits > 0) {
      --entry.permits;
      demand.window = grant.window;
      settle(demand, Permit::State::held);
    } else {
      settle(demand, Permit::State::refused);
    }
  }
  entry.last_grant = entry.permits;
  if (grant.refused > 0) entry.refused_until = now + grant.remaining;
  if (entry.waiting > 0) ask(grant.key, entry, now);
}

void LeaseTable::on_recall(const Recall& recall) {
  Return answer{recall.key, recall.window, 0};
  if (const auto found = entries_.find(recall.key); found != entries_.end()) {
    Entry& entry = found->second;
    if (entry.window == recall.window) {
      answer.permits = std::exchange(entry.permits, 0);
      entry.recalled_window = recall.window;
      entry.left_at_owner = 0;
    }
  }
  out_.returns.push_back(answer);
}

void LeaseTable::on_message(const OwnerMessage& message, Tick now) {
  for (const Grant& grant : message.grants) on_grant(grant, now);
  for (const Recall& recall : message.recalls) on_recall(recall);
  std::vector<Waiter*> ready;
  ready.swap(ready_);
  for (Waiter* waiter : ready) waiter->answered();
}

void LeaseTable::put_back(Permit::Demand& demand) {
  demand.state = Permit::State::idle;
  const auto found = entries_.find(demand.key);
  if (found != entries_.end() && found->second.window == demand.window &&
      found->second.recalled_window != demand.window) {
    ++found->second.permits;
  } else {
    // The owner has asked for it meanwhile, and others may wait there.
    out_.returns.push_back({demand.key, demand.window, 1});
  }
}

void LeaseTable::put_back_all(Permit& permit) {
  for (std::size_t i = 0; i < permit.size_; ++i) {
    Permit::Demand& demand = permit.demands_[i];
    if (demand.state == Permit::State::held) put_back(demand);
    if (demand.state == Permit::State::refused) demand.state = Permit::State::idle;
  }
}

void LeaseTable::forget(Permit& permit) {
  for (std::size_t i = 0; i < permit.size_; ++i) {
    Permit::Demand& demand = permit.demands_[i];
    if (demand.state != Permit::State::waiting) continue;
    Entry& entry = entries_.find(demand.key)->second;
    Permit::Demand* before = nullptr;
    for (Permit::Demand* at = entry.first; at != &demand; at = at->next_waiting) before = at;
    (before == nullptr ? entry.first : before->next_waiting) = demand.next_waiting;
    if (entry.last == &demand) entry.last = before;
    --entry.waiting;
    std::erase(ready_, demand.waiter);
    demand.state = Permit::State::idle;
    demand.waiter = nullptr;
  }
  put_back_all(permit);
}

// Frees a sixteenth at once, so that a full table does not search at every new key.
void LeaseTable::evict(Tick now) {
  std::vector<Tick> ages;
  ages.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) ages.push_back(entry.used_at);
  const auto limit = ages.begin() + static_cast<std::ptrdiff_t>(ages.size() / 16);
  std::nth_element(ages.begin(), limit, ages.end());
  const Tick oldest = *limit;
  boost::unordered::erase_if(entries_, [&](const auto& item) {
    const auto& [key, entry] = item;
    if (entry.used_at > oldest || entry.waiting > 0) return false;
    if (entry.asking && !entry.silent) return false;
    // A refusal that still holds is knowledge the owner would only repeat: keep it while it is
    // used.
    if (entry.used_at == now) return false;
    if (entry.permits > 0 && entry.deadline > now) {
      out_.returns.push_back({key, entry.window, entry.permits});
    }
    return true;
  });
}

}  // namespace gatehouse::limits
