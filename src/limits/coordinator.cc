// SPDX-License-Identifier: Apache-2.0
#include "limits/coordinator.h"

#include <algorithm>

#include "core/error.h"

namespace gatehouse::limits {

namespace {

using std::chrono::milliseconds;

// Windows below this are not reserved: they are over before a new owner could be up.
constexpr milliseconds reserved_span_min{10'000};
constexpr milliseconds day{86'400'000};
constexpr milliseconds recall_wait_max{250};
// A worker that lives says something sooner, or is not missed: what it holds is counted anyway.
constexpr std::chrono::hours holder_silence_max{1};

bool is_reserved(const Limit& limit) {
  return limit.kind == LimitKind::window && limit.span >= reserved_span_min;
}

}  // namespace

std::uint64_t window_at(milliseconds span, Instant now) {
  return static_cast<std::uint64_t>(now.time_since_epoch() / span);
}

milliseconds window_rest(milliseconds span, Instant now) {
  return span - now.time_since_epoch() % span;
}

Coordinator::HolderIndex Coordinator::index_of(std::string_view name) {
  auto found = std::find_if(holders_.begin(), holders_.end(),
                            [&](const Holder& holder) { return holder.name == name; });
  if (found == holders_.end() && holders_free_ > 0) {
    found = std::find_if(holders_.begin(), holders_.end(),
                         [](const Holder& holder) { return holder.name.empty(); });
    found->name = name;
    --holders_free_;
  }
  if (found == holders_.end()) found = holders_.insert(found, Holder{std::string(name), {}, {}});
  return static_cast<HolderIndex>(found - holders_.begin());
}

Coordinator::Holding& Coordinator::holding_of(Account& account, HolderIndex holder) {
  for (Holding& holding : account.holdings) {
    if (holding.holder == holder) return holding;
  }
  Holding& made = account.holdings.emplace_back();
  made.holder = holder;
  return made;
}

void Coordinator::Account::forget_holdings() {
  for (Holding& holding : holdings) {
    holding = Holding{holding.holder, false, false, 0, holding.rate};
  }
}

void Coordinator::restore(const Reservation& reservation) {
  Account& account = accounts_[reservation.key];
  if (reservation.window < account.window) return;
  account.limit = {LimitKind::window, reservation.permits, reservation.span};
  account.window = reservation.window;
  account.granted = account.reserved = reservation.permits;
}

std::vector<Reservation> Coordinator::reservations(Extent extent) const {
  std::vector<Reservation> all;
  for (const auto& [key, account] : accounts_) {
    const std::uint64_t permits = extent == Extent::reserved ? account.reserved : account.granted;
    if (permits > 0 && is_reserved(account.limit)) {
      all.push_back({key, account.window, account.limit.span, permits});
    }
  }
  return all;
}

// A window never goes back, even if the clock does: then the later one stays open longer.
void Coordinator::roll(Account& account, Instant now) const {
  const std::uint64_t window = window_at(account.limit.span, now);
  if (window <= account.window) return;
  account.window = window;
  account.granted = account.reserved = 0;
  account.forget_holdings();
}

Coordinator::Account* Coordinator::account_of(const Ask& ask, Instant now) {
  auto found = accounts_.find(ask.key);
  if (found == accounts_.end()) {
    if (accounts_.size() >= options_.keys_max) return nullptr;
    found = accounts_.emplace(ask.key, Account{}).first;
    found->second.window = window_at(ask.limit.span, now);
  }
  Account& account = found->second;
  if (account.limit.span != ask.limit.span) {
    // Another length of window: what was granted stays granted in the window that now begins.
    account.window = window_at(ask.limit.span, now);
    account.forget_holdings();
  }
  account.limit = ask.limit;
  roll(account, now);
  return &account;
}

void Coordinator::on_message(const HolderMessage& message, Instant now) {
  const HolderIndex holder = index_of(message.holder);
  holders_[holder].heard_at = now;
  for (const Return& item : message.returns) on_return(item, holder, now);
  for (const Ask& ask : message.asks) on_ask(ask, holder, now);
}

void Coordinator::on_return(const Return& item, HolderIndex holder, Instant now) {
  const auto found = accounts_.find(item.key);
  if (found == accounts_.end()) return;
  Account& account = found->second;
  roll(account, now);
  if (item.window == account.window) {
    Holding& holding = holding_of(account, holder);
    const std::uint64_t permits = std::min(item.permits, holding.outstanding);
    holding.outstanding -= permits;
    account.granted -= std::min(permits, account.granted);
    if (std::exchange(holding.recalling, false)) holding.drained = true;
  }
  serve_pending(item.key, account, now);
}

void Coordinator::on_ask(const Ask& ask, HolderIndex holder, Instant now) {
  if (ask.limit.quota == 0 || ask.limit.span <= milliseconds(0)) {
    holders_[holder].out.grants.push_back({.key = ask.key,
                                           .remaining = std::chrono::seconds(1),
                                           .refused = ask.need,
                                           .number = ask.number});
    return;
  }
  Account* account = account_of(ask, now);
  if (account == nullptr || is_closed(ask.limit, now)) {
    holders_[holder].out.grants.push_back({.key = ask.key,
                                           .remaining = window_rest(ask.limit.span, now),
                                           .refused = ask.need,
                                           .number = ask.number});
    return;
  }
  if (ask.limit.kind == LimitKind::bucket) return grant_from_bucket(ask, *account, holder, now);
  holding_of(*account, holder).rate = ask.rate;
  if (!account->pending.empty()) {
    account->pending.push_back({holder, ask.need, ask.number});
    return;
  }
  grant(ask.key, *account, {holder, ask.need, ask.number}, now);
}

void Coordinator::grant_from_bucket(const Ask& ask, Account& account, HolderIndex holder,
                                    Instant now) {
  using std::chrono::microseconds;
  const microseconds span = account.limit.span;
  const microseconds step =
      std::max(span / static_cast<std::int64_t>(account.limit.quota), microseconds(1));
  const microseconds fill = std::max(account.full_at - now, microseconds(0));
  const auto room = static_cast<std::uint64_t>(std::max<std::int64_t>((span - fill) / step, 0));
  const auto permits = static_cast<std::uint32_t>(std::min<std::uint64_t>(ask.need, room));
  account.full_at = now + fill + step * permits;
  const std::uint32_t refused = ask.need - permits;
  // What is granted serves its request at once; a refusal holds until the next permit is there.
  const microseconds next =
      std::max<microseconds>(account.full_at - now + step - span, milliseconds(1));
  holders_[holder].out.grants.push_back({ask.key, account.window, permits, room - permits,
                                         refused > 0 ? next : span, refused, ask.number});
}

bool Coordinator::is_closed(const Limit& limit, Instant now) const {
  if (is_reserved(limit)) return false;
  return limit.kind == LimitKind::bucket
             ? now < options_.crashed_at + limit.span
             : window_at(limit.span, now) <= window_at(limit.span, options_.crashed_at);
}

bool Coordinator::is_small(const Account& account) const {
  const std::size_t holders = holders_.size() - holders_free_;
  return account.limit.quota <= std::max<std::uint64_t>(100, 2 * holders);
}

// What to give beyond the need: the holder's part of what is left, by demand, but no more than it
// would use within the horizon; nothing for small quotas and near the end.
std::uint64_t Coordinator::share_of(const Account& account, const Holding& holding) const {
  const std::uint64_t left = account.limit.quota - account.granted;
  if (is_small(account) || left < std::max<std::uint64_t>(64, account.limit.quota / 100)) return 0;
  const auto horizon = std::clamp(account.limit.span / 20, milliseconds(100), milliseconds(1000));
  double demand = 0;
  for (const Holding& other : account.holdings) demand += other.rate;
  if (demand <= 0) return 0;
  const double part = static_cast<double>(left) * holding.rate / demand;
  const double use = static_cast<double>(holding.rate) * static_cast<double>(horizon.count()) / 1e3;
  return static_cast<std::uint64_t>(std::min(part, use));
}

void Coordinator::reserve(const Key& key, Account& account) {
  if (account.granted <= account.reserved || !is_reserved(account.limit)) return;
  const std::uint64_t ahead = account.limit.quota / (account.limit.span >= day ? 1000 : 100);
  account.reserved =
      std::max(account.granted, std::min(account.limit.quota, account.granted + ahead));
  reservations_.push_back({key, account.window, account.limit.span, account.reserved});
}

void Coordinator::grant(const Key& key, Account& account, Pending pending, Instant now) {
  const std::uint64_t quota = account.limit.quota;
  Holding& holding = holding_of(account, pending.holder);
  const std::uint64_t left = quota - std::min(quota, account.granted);
  if (pending.need > left && recall_others(key, account, now)) {
    account.pending.push_back(pending);
    return;
  }
  const std::uint64_t wanted = pending.need + (left > 0 ? share_of(account, holding) : 0);
  const std::uint64_t permits = std::min(left, wanted);
  account.granted += permits;
  holding.outstanding += permits;
  if (permits > 0) holding.drained = false;
  reserve(key, account);
  const auto refused =
      static_cast<std::uint32_t>(pending.need - std::min<std::uint64_t>(pending.need, permits));
  holders_[pending.holder].out.grants.push_back({key, account.window, permits, left - permits,
                                                 window_rest(account.limit.span, now), refused,
                                                 pending.number});
}

// Asks every holder that may still have permits for them. False when nobody has any.
bool Coordinator::recall_others(const Key& key, Account& account, Instant now) {
  bool any = false;
  for (Holding& holding : account.holdings) {
    if (holding.outstanding == 0 || holding.drained) continue;
    holding.recalling = true;
    holders_[holding.holder].out.recalls.push_back({key, account.window});
    any = true;
  }
  if (any) account.recalled_at = now;
  return any;
}

void Coordinator::serve_pending(const Key& key, Account& account, Instant now) {
  if (account.pending.empty()) return;
  for (const Holding& holding : account.holdings) {
    if (holding.recalling) return;
  }
  std::vector<Pending> pending;
  pending.swap(account.pending);
  for (const Pending& item : pending) grant(key, account, item, now);
}

void Coordinator::on_tick(Instant now) {
  for (auto& [key, account] : accounts_) {
    if (account.pending.empty()) continue;
    const std::uint64_t window = account.window;
    roll(account, now);
    if (account.window == window && now - account.recalled_at < recall_wait_max) continue;
    for (Holding& holding : account.holdings) {
      if (std::exchange(holding.recalling, false)) holding.drained = true;
    }
    serve_pending(key, account, now);
  }
  boost::unordered::erase_if(accounts_, [&](const auto& item) {
    const Account& account = item.second;
    return account.pending.empty() && account.full_at <= now &&
           account.window < window_at(account.limit.span, now);
  });
  forget_silent_holders(now);
}

// Nothing of them may be left: others take their places. All of them in one pass over the accounts.
void Coordinator::forget_silent_holders(Instant now) {
  std::vector<bool> gone(holders_.size());
  bool any = false;
  for (HolderIndex i = 0; i < holders_.size(); ++i) {
    const Holder& holder = holders_[i];
    if (holder.name.empty() || now - holder.heard_at <= holder_silence_max) continue;
    gone[i] = any = true;
    holders_[i] = Holder{};
    ++holders_free_;
  }
  if (!any) return;
  const auto is_gone = [&](const auto& item) { return gone[item.holder]; };
  for (auto& [key, account] : accounts_) {
    std::erase_if(account.holdings, is_gone);
    std::erase_if(account.pending, is_gone);
  }
}

std::vector<std::pair<std::string, OwnerMessage>> Coordinator::take_messages() {
  std::vector<std::pair<std::string, OwnerMessage>> messages;
  for (Holder& holder : holders_) {
    if (!holder.out.empty()) messages.emplace_back(holder.name, std::exchange(holder.out, {}));
  }
  return messages;
}

}  // namespace gatehouse::limits
