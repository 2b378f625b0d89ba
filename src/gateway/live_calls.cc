// SPDX-License-Identifier: Apache-2.0
#include "gateway/live_calls.h"

#include <utility>

#include "core/text.h"

namespace gatehouse::gateway {

struct LiveCall::Held {
  Held(LiveCalls& all, LiveCall& call)
      : calls(all), again(all.loop_, [&all, &call] { all.judge_soon(call); }) {
    ++calls.lasting_count_;
  }
  ~Held() {
    --calls.lasting_count_;
    for (const auto& name : names) calls.names_.erase(name);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  LiveCalls& calls;
  std::vector<LiveCalls::Names::iterator> names;
  Instant issued_at{};
  bool waits = false;  // to be judged: in unjudged_
  net::Timer again;
};

LiveCall::LiveCall() = default;
LiveCall::~LiveCall() = default;

LiveCalls::LiveCalls(net::Loop& loop, std::chrono::milliseconds young_time)
    : loop_(loop),
      young_time_(young_time),
      timer_(loop, [this] { grow_old(); }),
      check_(loop, [this] { check_young(); }) {}

void LiveCalls::grow_old() {
  // The oldest stands first.
  while (LiveCall* call = young_.front()) {
    const Tick old = call->began_ + young_time_;
    if (old > loop_.tick()) return timer_.set(old);
    keep(*call);
  }
}

void LiveCalls::check_young_soon() {
  if (!young_.empty() && !check_.is_set()) check_.set(loop_.tick() + check_time);
}

void LiveCalls::check_young() {
  const bool judge = std::exchange(judge_young_, false);
  net::List<LiveCall> calls;
  calls.take(young_);
  while (LiveCall* call = calls.pop_front()) {
    if (!judge && call->is_remembered()) {
      young_.push_back(*call);
    } else {
      keep(*call);
    }
  }
}

void LiveCalls::keep(LiveCall& call) {
  call.held_ = std::make_unique<LiveCall::Held>(*this, call);
  judge_soon(call);
}

// One that waits keeps its place.
void LiveCalls::judge_soon(LiveCall& call) {
  if (std::exchange(call.held_->waits, true)) return;
  unjudged_.push_back(call);
  loop_.make_ready(*this);
}

void LiveCalls::on_ready() {
  for (std::size_t count = 0; count < judged_in_turn_max; ++count) {
    LiveCall* const call = unjudged_.pop_front();
    if (call == nullptr) return;
    call->held_->waits = false;
    lasting_.push_back(*call);
    call->judge_again();
  }
  // In the next turn, after the sockets.
  if (!unjudged_.empty()) loop_.make_ready(*this);
}

void LiveCalls::let_go(LiveCall& call) { call.held_.reset(); }

void LiveCalls::name(LiveCall& call, std::string_view kind, std::string_view value) {
  if (value.empty()) return;
  std::string text(kind);
  text.append(":").append(value);
  call.held_->names.push_back(names_.emplace(std::move(text), &call));
}

void LiveCalls::hold(LiveCall& call, const Token* token, const Sha256& hash, Tick next) {
  LiveCall::Held& held = *call.held_;
  held.again.set(next);
  if (token == nullptr || !held.names.empty()) return;  // nobody becomes somebody else
  held.issued_at = token->issued_at;
  name(call, "token", to_hex(to_bytes(hash)));
  name(call, "token", token->jti);
  name(call, "family", token->family);
  name(call, "client", token->client_id);
  name(call, "user", token->user_id);
  name(call, "tenant", std::to_string(token->tenant));
  if (token->user_tenant != 0 && token->user_tenant != token->tenant) {
    name(call, "tenant", std::to_string(token->user_tenant));
  }
  if (!token->user_id.empty()) {
    name(call, "user_client", model::user_and_client(token->user_id, token->client_id));
  }
}

void LiveCalls::revoke(const model::Revocation& revocation) {
  check_young_soon();
  // Whose user or tenant has changed is judged again: only the key manager knows what is left.
  const bool of_tenant = revocation.kind == "tenant_changed";
  const bool changed = of_tenant || revocation.kind == "user_changed";
  const std::string named = of_tenant ? "tenant" : changed ? "user" : revocation.kind;
  const std::string text = named + ":" + revocation.value;
  const auto [begin, end] = names_.equal_range(text);
  std::vector<LiveCall*> meant;
  for (auto each = begin; each != end; ++each) {
    LiveCall* call = each->second;
    if (revocation.kind == "token" || call->held_->issued_at <= revocation.issued_before) {
      meant.push_back(call);
    }
  }
  for (LiveCall* call : meant) changed ? judge_soon(*call) : call->revoked();
}

void LiveCalls::judge_all() {
  judge_young_ = !young_.empty();
  check_young_soon();
  while (LiveCall* const call = lasting_.front()) judge_soon(*call);
}

}  // namespace gatehouse::gateway
