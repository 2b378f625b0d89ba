// SPDX-License-Identifier: Apache-2.0
#include "http/upstream.h"

namespace gatehouse::http {
namespace {

constexpr int interim_heads_max = 8;

}  // namespace

Upstream::Upstream(std::unique_ptr<net::Stream> stream, BlockPool& blocks, const Origin& origin)
    : incoming_(std::move(stream), blocks), key_(origin.key()) {}

tl::unexpected<Error> Upstream::failed(UpstreamFault fault, std::string_view reason) {
  fault_ = fault;
  reason_ = reason;
  return fail(ErrorCode::unavailable, "The backend did not answer", std::string(reason));
}

UpstreamFault Upstream::stream_fault() const {
  if (stream().failure() == net::Failure::timed_out) return UpstreamFault::late;
  return reused_ && !answered_ ? UpstreamFault::stale : UpstreamFault::cut;
}

std::optional<Result<>> Upstream::take_head(Method request) {
  Buffer& buffer = incoming_.buffer();
  for (;;) {
    const bool nothing = buffer.empty();
    switch (nothing ? HeadState::incomplete : head_.read(buffer.unread(), request, {})) {
      case HeadState::refused: return failed(UpstreamFault::malformed, head_.refusal().reason);
      case HeadState::complete:
        if (!head_.interim()) {
          incoming_.begin_body(head_.size(), head_.framing(), head_.content_length());
          complete_ = true;
          return Result<>();
        }
        if (++interim_heads_ > interim_heads_max) {
          return failed(UpstreamFault::malformed, "There are too many interim answers");
        }
        buffer.consume(head_.size());
        head_.clear();
        continue;
      case HeadState::incomplete: break;
    }
    if (!stream().may_read()) return {};  // holds no buffer while nothing comes
    const net::Progress read = stream().try_read(buffer.room());
    if (read.state == net::Progress::State::blocked) return {};
    if (read.state == net::Progress::State::failed) {
      return failed(stream_fault(), "The connection failed or stayed silent");
    }
    if (read.bytes == 0) return failed(stream_fault(), "The connection ended before the answer");
    answered_ = true;
    buffer.added(read.bytes);
  }
}

net::Task<Result<BodyPiece>> Upstream::read_body_some(Tick deadline) {
  Result<BodyPiece> piece = co_await incoming_.read_body_some(deadline);
  if (piece) co_return piece;
  const bool malformed = piece.error().code == ErrorCode::invalid_argument;
  co_return failed(malformed ? UpstreamFault::malformed : stream_fault(),
                   malformed ? incoming_.body().reason() : "The connection failed in the body");
}

bool Upstream::reusable() {
  return complete_ && body_done() && !spoiled_ && fault_ == UpstreamFault::none &&
         head_.keep_alive() && head_.status() != 101 && incoming_.buffer().empty() &&
         stream().is_reusable();
}

void Upstream::begin_again() {
  incoming_.buffer().release_held();
  incoming_.buffer().give_back_if_empty();
  head_.clear();
  answered_ = false;
  interim_heads_ = 0;
  complete_ = false;
  reused_ = true;
}

UpstreamPool::UpstreamPool(net::Loop& loop, BlockPool& blocks, net::Resolver& resolver,
                           Options options)
    : loop_(loop),
      blocks_(blocks),
      resolver_(resolver),
      options_(std::move(options)),
      sweep_(loop, [this] { sweep(); }) {}

std::unique_ptr<Upstream> UpstreamPool::take_idle(const Origin& origin) {
  const auto found = idle_by_origin_.find(origin.key());
  if (found == idle_by_origin_.end()) return nullptr;
  Idle& idle = found->second;
  while (!idle.empty()) {
    std::unique_ptr<Upstream> upstream = std::move(idle.back());
    idle.pop_back();
    --idle_count_;
    if (upstream->stream().is_reusable()) return upstream;
  }
  return nullptr;
}

net::Task<Result<std::unique_ptr<Upstream>>> UpstreamPool::acquire(const Origin& origin,
                                                                   Tick deadline) {
  if (std::unique_ptr<Upstream> upstream = take_idle(origin)) {
    upstream->set_deadline(deadline);
    co_return upstream;
  }
  co_return co_await connect(origin, deadline);
}

net::Task<Result<std::unique_ptr<Upstream>>> UpstreamPool::connect(const Origin& origin,
                                                                   Tick deadline) {
  GH_CO_TRY(endpoints, co_await resolver_.resolve(origin.host(), origin.port(), deadline));
  if (options_.allowed) std::erase_if(endpoints, std::not_fn(options_.allowed));
  if (endpoints.empty()) {
    co_return fail(ErrorCode::forbidden, "The backend's address is not allowed", origin.key().text);
  }
  const net::ConnectOptions options{deadline, origin.tls(), origin.host()};
  GH_CO_TRY(stream, co_await net::connect(loop_, endpoints, options));
  co_return std::make_unique<Upstream>(std::move(stream), blocks_, origin);
}

void UpstreamPool::release(std::unique_ptr<Upstream> upstream) {
  if (!upstream->reusable()) return;
  Idle& idle = idle_by_origin_[upstream->key_];
  if (idle.size() == options_.idle_max) {
    idle.erase(idle.begin());
    --idle_count_;
  }
  upstream->begin_again();
  upstream->idle_since_ = loop_.tick();
  upstream->set_deadline(net::never);
  idle.push_back(std::move(upstream));
  ++idle_count_;
  if (!sweep_.is_set()) sweep_.set(loop_.tick() + options_.idle_timeout);
}

// Closes what has been idle for too long; an origin without connections is forgotten.
void UpstreamPool::sweep() {
  const Tick oldest = loop_.tick() - options_.idle_timeout;
  idle_count_ = 0;
  for (auto& [key, idle] : idle_by_origin_) {
    std::erase_if(idle, [&](const auto& upstream) {
      return upstream->idle_since_ <= oldest || !upstream->stream().is_reusable();
    });
    idle_count_ += idle.size();
  }
  std::erase_if(idle_by_origin_, [](const auto& entry) { return entry.second.empty(); });
  if (idle_count_ > 0) sweep_.set(loop_.tick() + options_.idle_timeout / 2);
}

}  // namespace gatehouse::http
