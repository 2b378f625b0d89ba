// SPDX-License-Identifier: Apache-2.0
#include "gateway/worker.h"

#include <fmt/format.h>
#include <ifaddrs.h>

#include <algorithm>

#include "core/log.h"
#include "gateway/conversation.h"

namespace gatehouse::gateway {

namespace {

constexpr std::chrono::milliseconds tick_time{100};
constexpr std::size_t learned_max = 50'000;  // tokens that wait to be collected

std::string holder_name(const std::string& holder, unsigned number) {
  return fmt::format("{}.{}", holder, number);
}

// The addresses of this machine, read once: a backend may not be a port of ours under any of them.
std::vector<net::Address> own_addresses() {
  std::vector<net::Address> addresses;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return addresses;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    const int family = each->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    addresses.push_back(net::Endpoint::from(*each->ifa_addr).address);
  }
  ::freeifaddrs(list);
  return addresses;
}

std::function<bool(const net::Endpoint&)> backend_rule(const Options& options) {
  return [&options, own = own_addresses()](const net::Endpoint& endpoint) {
    const net::Address& address = endpoint.address;
    if (address.is_link_local() || address.is_unspecified() || address.is_multicast()) return false;
    for (const net::Network& network : options.forbidden_backends) {
      if (network.contains(address)) return false;
    }
    const bool is_ours =
        address.is_loopback() || std::find(own.begin(), own.end(), address) != own.end();
    const auto& ports = options.own_ports;
    return !is_ours || std::find(ports.begin(), ports.end(), endpoint.port) == ports.end();
  };
}

}  // namespace

WorkerMetrics::WorkerMetrics(Metrics& metrics, unsigned worker) {
  const std::string label = fmt::format("worker=\"{}\"", worker);
  const auto counter = [&](const char* name, const char* help) {
    return &metrics.counter(name, label, help);
  };
  for (std::size_t digit = 1; digit < requests.size(); ++digit) {
    requests[digit] = &metrics.counter("gatehouse_gateway_requests_total",
                                       fmt::format("{},status=\"{}xx\"", label, digit),
                                       "Requests answered, by class of status");
  }
  requests[0] = requests[5];
  latency = &metrics.histogram("gatehouse_gateway_latency_seconds", label,
                               "From the head of a request to the end of its answer");
  token_hits = counter("gatehouse_gateway_token_hits_total", "Credentials that were remembered");
  token_misses = counter("gatehouse_gateway_token_misses_total",
                         "Credentials that their home worker was asked about");
  home_hits = counter("gatehouse_gateway_home_hits_total",
                      "Questions that a home worker answered without the key manager");
  key_manager_failures = counter("gatehouse_gateway_key_manager_failures_total",
                                 "Questions to the key manager without an answer");
  stale_tokens = counter("gatehouse_gateway_stale_tokens_total",
                         "Credentials served beyond their time to live");
  refused_trials = counter("gatehouse_gateway_refused_tokens_total",
                           "Tokens not checked, as their client had tried too many unknown ones");
  passed_unlimited = counter("gatehouse_gateway_passed_unlimited_total",
                             "Limits that let a call pass, as their owner did not answer");
  backend_failures =
      counter("gatehouse_gateway_backend_failures_total", "Calls that a backend did not answer");
  backend_retries = counter("gatehouse_gateway_backend_retries_total",
                            "Calls repeated because a kept connection had gone");
  ended_calls = counter("gatehouse_gateway_ended_calls_total",
                        "Calls ended half-way because they would be refused now");
}

Worker::Worker(const Parts& parts, unsigned number)
    : parts_(parts),
      number_(number),
      metrics_(parts.metrics, number),
      drain_(loop_),
      id_state_(parts.seed),
      resolver_(loop_, parts.files),
      upstreams_(loop_, blocks_, resolver_, {.allowed = backend_rule(parts_.options)}),
      key_manager_(parts.key_manager(loop_)),
      tokens_(parts_.options.tokens_max),
      leases_(holder_name(parts_.options.holder, number),
              std::max<std::size_t>(parts_.options.limits_max / parts_.options.workers, 16)),
      lease_client_(loop_, parts.bus, leases_, holder_name(parts_.options.holder, number)),
      trials_(parts_.options.token_trials_max, *metrics_.refused_trials),
      surroundings_{parts_.options.cache_rules, tokens_, revocations_, leases_, trials_,
                    parts_.used_proofs},
      home_({loop_, *key_manager_, revocations_, parts_.options.cache_rules,
             *metrics_.key_manager_failures, *metrics_.home_hits,
             std::max<std::size_t>(parts_.options.node_tokens_max / parts_.options.workers, 16),
             [this](const Sha256& hash, const Token& token) { learn(hash, token); }}),
      keys_({loop_, parts_.home_of, tokens_, revocations_, parts_.options.cache_rules}),
      live_calls_(loop_),
      log_lines_(parts.access_log),
      adopted_(loop_),
      tls_(parts_.options.tls),
      tick_(loop_, [this] { tick(); }) {
  tick_.set(loop_.tick());
}

Worker::~Worker() { connections_.cancel(); }

Result<> Worker::listen(const Ports& ports, net::Listener::Claim claim) {
  const net::Address address = parts_.options.address;
  GH_TRY(plain, net::Listener::open(loop_, {{address, ports.http}, claim},
                                    [this](std::unique_ptr<net::Stream> stream) {
                                      admit(converse(std::move(stream)));
                                    }));
  plain_ = std::move(plain);
  if (!tls_) return {};
  GH_TRY(secure, net::Listener::open(loop_, {{address, ports.https}, claim},
                                     [this](std::unique_ptr<net::Stream> stream) {
                                       admit(accept_tls(std::move(stream)));
                                     }));
  secure_ = std::move(secure);
  return {};
}

Ports Worker::ports() const {
  return {plain_ ? plain_->port() : std::uint16_t{0}, secure_ ? secure_->port() : std::uint16_t{0}};
}

void Worker::admit(net::Task<> conversation) {
  connections_.spawn(std::move(conversation));
  if (connections_.size() >= parts_.options.connections_max && !paused_) {
    paused_ = true;
    if (plain_) plain_->pause();
    if (secure_) secure_->pause();
  }
}

net::Task<> Worker::accept_tls(std::unique_ptr<net::Stream> stream) {
  stream->set_deadline(loop_.tick() + parts_.options.connection.head_timeout);
  const std::shared_ptr<const net::TlsServer> tls = tls_;
  const Result<> started = co_await stream->start_tls(tls);
  if (started) co_await converse(std::move(stream));
}

net::Task<> Worker::converse(std::unique_ptr<net::Stream> stream) {
  {
    Conversation conversation(*this, std::move(stream));
    co_await conversation.run();
  }
  if (paused_ && connections_.size() <= parts_.options.connections_max) {
    paused_ = false;
    if (plain_) plain_->resume();
    if (secure_) secure_->resume();
  }
}

void Worker::publish(std::shared_ptr<const Snapshot> snapshot) {
  loop_.post([this, root = std::move(snapshot)]() mutable { adopt(std::move(root)); });
}

void Worker::adopt(std::shared_ptr<const Snapshot> snapshot) {
  const Snapshot* before = snapshot_.get();
  if (before != nullptr && &before->key_set() != &snapshot->key_set()) {
    // A key that is gone verifies nothing any more, what it verified before included.
    tokens_.erase_if(
        [](const Sha256&, const Token& token) { return token.source == TokenSource::jwt; });
  }
  const std::uint64_t number = snapshot->number();
  snapshot_ = SnapshotUse(new SnapshotHold(std::move(snapshot), snapshot_.number() + 1));
  live_calls_.judge_all();
  adopted_.notify_all();
  parts_.adopted(number_, number);
}

net::Task<bool> Worker::stands_at(std::uint64_t change, Tick deadline) {
  for (;;) {
    const Snapshot* known = snapshot_.get();
    if (known != nullptr && known->number() >= change) co_return true;
    const bool told = co_await adopted_.wait_until(deadline);
    if (!told) co_return false;
  }
}

void Worker::revoke(const model::Revocation& revocation) {
  {
    const std::lock_guard lock(news_.mutex);
    news_.revocations.push_back(revocation);
  }
  news_.waiting.store(true, std::memory_order_release);
  loop_.post([this] { take_news(); });
}

SnapshotUse Worker::snapshot() {
  if (news_.waiting.load(std::memory_order_acquire)) [[unlikely]] {
    take_news();
  }
  return snapshot_;
}

void Worker::take_news() {
  if (!news_.waiting.exchange(false)) return;
  std::vector<model::Revocation> revocations;
  {
    const std::lock_guard lock(news_.mutex);
    revocations.swap(news_.revocations);
  }
  for (const model::Revocation& revocation : revocations) apply(revocation);
}

void Worker::apply(const model::Revocation& revocation) {
  revocations_.add(revocation, now());
  for (TokenCache* tokens : {&tokens_, &home_.tokens()}) {
    if (const auto hash = sha256_from_hex(revocation.value)) {
      tokens->erase(*hash);
    } else {
      tokens->erase_if([&](const Sha256&, const Token& token) {
        return Revocations::means(revocation, "", token);
      });
    }
  }
  live_calls_.revoke(revocation);
}

void Worker::set_tls(std::shared_ptr<const net::TlsServer> tls) {
  loop_.post([this, fresh = std::move(tls)]() mutable { tls_ = std::move(fresh); });
}

void Worker::drain(const http::DrainOptions& options, std::function<void()> over) {
  loop_.post([this, options, over = std::move(over)]() mutable {
    const auto close_ports = [this] {
      if (plain_) plain_->stop();
      if (secure_) secure_->stop();
    };
    drain_.begin(options, close_ports, std::move(over));
  });
}

void Worker::collect(Collected collected) {
  loop_.post([this, collected = std::move(collected)] {
    collected(usage_.take(now()), std::exchange(learned_, {}));
  });
}

void Worker::remember(std::shared_ptr<const RememberedTokens> tokens) {
  loop_.post([this, known = std::move(tokens)]() mutable { remembered_ = std::move(known); });
}

void Worker::learn(const Sha256& hash, const Token& token) {
  const std::string& key = parts_.options.token_key;
  if (key.empty() || learned_.size() >= learned_max) return;
  learned_.push_back({journal_hash(key, hash), token, now()});
}

std::unique_ptr<Token> Worker::recall(const Sha256& hash) {
  const CacheRules& rules = parts_.options.cache_rules;
  if (!remembered_ || !rules.enabled || rules.stale_max.count() == 0) return nullptr;
  const auto found = remembered_->find(journal_hash(parts_.options.token_key, hash));
  if (found == remembered_->end()) return nullptr;
  const Remembered& known = found->second;
  if (revocations_.check(hash, known.token, 0) != Revoked::no) return nullptr;
  const auto age = now() - known.checked_at;
  if (age >= rules.ttl + rules.stale_max) return nullptr;
  auto token = std::make_unique<Token>(known.token);
  token->checked_at =
      loop_.tick() - std::max<std::chrono::milliseconds>(age, std::chrono::milliseconds(0));
  tokens_.put(hash, *token);
  metrics_.stale_tokens->add();
  return token;
}

Instant Worker::now() {
  if (now_read_at_ != loop_.tick()) {
    now_read_at_ = loop_.tick();
    now_ = parts_.clock.now();
  }
  return now_;
}

void Worker::tick() {
  log_lines_.hand_over();
  lease_client_.speak();
  tick_.set(loop_.tick() + tick_time);
}

}  // namespace gatehouse::gateway
