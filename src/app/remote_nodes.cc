// SPDX-License-Identifier: Apache-2.0
#include "app/remote_nodes.h"

#include <fmt/format.h>

#include "http/origin_client.h"

namespace gatehouse::app {

namespace {

using std::chrono::milliseconds;
using Tls = std::shared_ptr<const net::TlsClient>;

constexpr milliseconds stop_interval{50};

Result<Tls> trust_of(const Configuration& configuration, const net::CertificateFiles& shown) {
  net::TlsClient::Options options;
  if (!configuration.cluster.ca.empty()) {
    options.trust = net::TlsClient::Trust::file;
    options.ca_file = configuration.path(configuration.cluster.ca);
  }
  options.files = shown;
  return net::TlsClient::open(options);
}

Result<std::vector<http::Origin>> origins_of(const RemoteNodes::Wanted& wanted, const Tls& trust) {
  std::vector<http::Origin> origins;
  for (const std::string& url : wanted.urls) {
    auto origin = http::Origin::parse(url, trust);
    if (!origin || !url.starts_with("https://")) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{}: '{}' is not https://HOST:PORT", wanted.key, url));
    }
    origins.push_back(*std::move(origin));
  }
  if (origins.empty()) {
    return fail(ErrorCode::invalid_argument, fmt::format("{}: name at least one", wanted.key));
  }
  return origins;
}

}  // namespace

// A loop's questions with the resolver that they need. What is passed on for others goes on
// connections of its own: a token that a client asks for through this node must not be bound to the
// certificate of the node.
class RemoteNodes::Asker final : public http::Client {
 public:
  Asker(net::Loop& loop, net::Pool& names, const RemoteNodes& nodes)
      : loop_(loop),
        resolver_(loop, names),
        nodes_(nodes),
        questions_(
            peers(&Origins::questions), [&nodes] { return nodes.present()->authorization; },
            nodes.wanted_.patience),
        for_others_(peers(&Origins::for_others), [] { return std::string(); }) {}

  net::Task<Result<http::Response>> send(const http::Request& request,
                                         milliseconds timeout) override {
    return client_for(request).send(request, timeout);
  }
  Result<http::Response> ask(const http::Request& request, milliseconds timeout) override {
    return client_for(request).ask(request, timeout);
  }

  // On the loop.
  void stop() {
    stopped_ = true;
    for (Peer* const peer : all_peers_) peer->cancel();
  }

 private:
  using List = std::vector<http::Origin> Origins::*;

  // One of the peers, as it is spoken to now.
  class Peer final : public http::Client {
   public:
    Peer(Asker& asker, List list, std::size_t number)
        : client_(asker.loop_, asker.resolver_,
                  {.body_bytes_max = asker.nodes_.wanted_.body_bytes_max}),
          asker_(asker),
          list_(list),
          number_(number) {}

    net::Task<Result<http::Response>> send(const http::Request& request,
                                           milliseconds timeout) override {
      const std::shared_ptr<const Origins> origins = asker_.nodes_.present();
      co_return co_await client_.send(((*origins).*list_)[number_], request, timeout);
    }
    Result<http::Response> ask(const http::Request& request, milliseconds timeout) override {
      if (asker_.stopped_) return fail(ErrorCode::unavailable, "The program ends", request.target);
      const std::shared_ptr<const Origins> origins = asker_.nodes_.present();
      return client_.ask(((*origins).*list_)[number_], request, timeout);
    }
    void cancel() { client_.cancel_asked(); }

   private:
    http::OriginClient client_;
    const Asker& asker_;
    const List list_;
    const std::size_t number_;
  };

  http::SessionClient& client_for(const http::Request& request) {
    return http::SessionClient::is_question(request) ? questions_ : for_others_;
  }

  std::vector<std::unique_ptr<http::Client>> peers(List list) {
    std::vector<std::unique_ptr<http::Client>> peers;
    for (std::size_t number = 0; number < nodes_.wanted_.urls.size(); ++number) {
      auto peer = std::make_unique<Peer>(*this, list, number);
      all_peers_.push_back(peer.get());
      peers.push_back(std::move(peer));
    }
    return peers;
  }

  net::Loop& loop_;
  net::Resolver resolver_;
  const RemoteNodes& nodes_;
  std::atomic<bool> stopped_ = false;
  std::vector<Peer*> all_peers_;  // which the next two own
  http::SessionClient questions_;
  http::SessionClient for_others_;
};

Result<std::unique_ptr<RemoteNodes>> RemoteNodes::open(const Configuration& configuration,
                                                       Wanted wanted) {
  std::unique_ptr<RemoteNodes> nodes(new RemoteNodes(std::move(wanted)));
  GH_CHECK(nodes->reload(configuration));
  return nodes;
}

Result<> RemoteNodes::reload(const Configuration& configuration) {
  const ClusterConfig& cluster = configuration.cluster;
  GH_TRY(authorization, wanted_.proof(configuration));
  net::CertificateFiles shown;
  if (authorization.empty()) {
    shown = {.certificate = configuration.path(cluster.certificate),
             .key = configuration.path(cluster.key)};
  }
  GH_TRY(trust, trust_of(configuration, shown));
  GH_TRY(questions, origins_of(wanted_, trust));
  GH_TRY(plain_trust, trust_of(configuration, {}));
  GH_TRY(for_others, origins_of(wanted_, plain_trust));
  auto fresh = std::make_shared<const Origins>(
      Origins{std::move(questions), std::move(for_others), std::move(authorization)});
  const std::lock_guard lock(mutex_);
  present_.swap(fresh);
  return {};
}

std::shared_ptr<const RemoteNodes::Origins> RemoteNodes::present() const {
  const std::lock_guard lock(mutex_);
  return present_;
}

std::unique_ptr<RemoteNodes::Asker> RemoteNodes::asker(net::Loop& loop, net::Pool& names) const {
  return std::make_unique<Asker>(loop, names, *this);
}

std::unique_ptr<http::Client> RemoteNodes::client(net::Loop& loop, net::Pool& names) const {
  return asker(loop, names);
}

RemoteAsker::RemoteAsker(const RemoteNodes& nodes)
    : names_({.name = "names", .threads = 2, .queue_max = 256}),
      asker_(nodes.asker(loop_, names_)),
      thread_([this] { loop_.run(); }) {}

RemoteAsker::~RemoteAsker() {
  names_.stop();
  loop_.stop();
  thread_.join();
  tasks_.cancel();
}

http::Client& RemoteAsker::client() { return *asker_; }

void RemoteAsker::stop_after(milliseconds time) {
  loop_.post([this, time] { tasks_.spawn(stop_later(time)); });
}

net::Task<> RemoteAsker::stop_later(milliseconds time) {
  co_await loop_.sleep_for(time);
  for (;;) {
    asker_->stop();
    co_await loop_.sleep_for(stop_interval);  // then again, for what was asked at that moment
  }
}

}  // namespace gatehouse::app
