// SPDX-License-Identifier: Apache-2.0
#include "app/remote_key_managers.h"

#include <fmt/format.h>

#include "app/secrets.h"
#include "core/text.h"
#include "http/origin_client.h"
#include "http/session_client.h"

namespace gatehouse::app {

namespace {

using Tls = std::shared_ptr<const net::TlsClient>;

Result<Tls> trust_of(const Configuration& configuration, const net::CertificateFiles& shown) {
  net::TlsClient::Options options;
  if (!configuration.cluster.ca.empty()) {
    options.trust = net::TlsClient::Trust::file;
    options.ca_file = configuration.path(configuration.cluster.ca);
  }
  options.files = shown;
  return net::TlsClient::open(options);
}

Result<std::vector<http::Origin>> origins_of(const std::vector<std::string>& urls,
                                             const Tls& trust) {
  std::vector<http::Origin> origins;
  for (const std::string& url : urls) {
    auto origin = http::Origin::parse(url, trust);
    if (!origin || !url.starts_with("https://")) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("gateway.key_manager: '{}' is not https://HOST:PORT", url));
    }
    origins.push_back(*std::move(origin));
  }
  if (origins.empty()) {
    return fail(ErrorCode::invalid_argument, "gateway.key_manager: name at least one");
  }
  return origins;
}

// What a balancer's log may show: the node's name with its ports, so that two on one machine
// differ.
std::string node_name(const Configuration& configuration) {
  return fmt::format("{}-{}", configuration.server.hostname, configuration.server.port_offset);
}

}  // namespace

// A loop's questions with the resolver that they need. What is passed on for others goes on
// connections of its own: a token that a client asks for through this node must not be bound to the
// certificate of the node.
class RemoteKeyManagers::Asker final : public http::Client {
 public:
  Asker(net::Loop& loop, const RemoteKeyManagers& all)
      : resolver_(loop, *all.files_),
        questions_(peers(loop, all, &Origins::questions), all.authorization_),
        for_others_(peers(loop, all, &Origins::for_others), "") {}

  net::Task<Result<http::Response>> send(const http::Request& request,
                                         std::chrono::milliseconds timeout) override {
    return client_for(request).send(request, timeout);
  }
  Result<http::Response> ask(const http::Request& request,
                             std::chrono::milliseconds timeout) override {
    return client_for(request).ask(request, timeout);
  }

 private:
  using List = std::vector<http::Origin> Origins::*;

  // One of the peers, as it is spoken to now.
  class Peer final : public http::Client {
   public:
    Peer(net::Loop& loop, net::Resolver& resolver, const Present& present, List list,
         std::size_t number)
        : client_(loop, resolver, {}), present_(present), list_(list), number_(number) {}

    net::Task<Result<http::Response>> send(const http::Request& request,
                                           std::chrono::milliseconds timeout) override {
      const std::shared_ptr<const Origins> origins = present_.get();
      co_return co_await client_.send(((*origins).*list_)[number_], request, timeout);
    }
    Result<http::Response> ask(const http::Request& request,
                               std::chrono::milliseconds timeout) override {
      const std::shared_ptr<const Origins> origins = present_.get();
      return client_.ask(((*origins).*list_)[number_], request, timeout);
    }

   private:
    http::OriginClient client_;
    const Present& present_;
    const List list_;
    const std::size_t number_;
  };

  http::SessionClient& client_for(const http::Request& request) {
    return http::SessionClient::is_question(request) ? questions_ : for_others_;
  }

  std::vector<std::unique_ptr<http::Client>> peers(net::Loop& loop, const RemoteKeyManagers& all,
                                                   List list) {
    std::vector<std::unique_ptr<http::Client>> peers;
    for (std::size_t number = 0; number < all.urls_.size(); ++number) {
      peers.push_back(std::make_unique<Peer>(loop, resolver_, *all.present_, list, number));
    }
    return peers;
  }

  net::Resolver resolver_;
  http::SessionClient questions_;
  http::SessionClient for_others_;
};

std::shared_ptr<const RemoteKeyManagers::Origins> RemoteKeyManagers::Present::get() const {
  const std::lock_guard lock(mutex_);
  return origins_;
}

void RemoteKeyManagers::Present::set(Origins origins) {
  auto fresh = std::make_shared<const Origins>(std::move(origins));
  const std::lock_guard lock(mutex_);
  origins_.swap(fresh);
}

Result<std::optional<RemoteKeyManagers>> RemoteKeyManagers::open(const Configuration& configuration,
                                                                 net::Pool& files) {
  if (configuration.gateway.key_manager == GatewayConfig().key_manager) {
    return std::optional<RemoteKeyManagers>();
  }
  const ClusterConfig& cluster = configuration.cluster;
  std::string authorization;
  if (cluster.certificate.empty()) {
    if (cluster.secret_file.empty()) {
      return fail(ErrorCode::invalid_argument,
                  "cluster.certificate, cluster.secret_file: key managers of other nodes "
                  "(gateway.key_manager) want to know this one by a certificate or by the "
                  "cluster's secret");
    }
    GH_TRY(secret, read_shared_secret(configuration.path(cluster.secret_file)));
    authorization = "Basic " + to_base64(node_name(configuration) + ":" + secret);
  }
  RemoteKeyManagers all(files, configuration.gateway.key_manager, std::move(authorization));
  GH_CHECK(all.reload(configuration));
  return std::optional(std::move(all));
}

Result<> RemoteKeyManagers::reload(const Configuration& configuration) {
  const ClusterConfig& cluster = configuration.cluster;
  net::CertificateFiles shown;
  if (authorization_.empty()) {
    if (cluster.certificate.empty()) {
      return fail(ErrorCode::invalid_argument,
                  "cluster.certificate: a gateway that is known by one needs one until it starts "
                  "again");
    }
    shown = {.certificate = configuration.path(cluster.certificate),
             .key = configuration.path(cluster.key)};
  }
  GH_TRY(trust, trust_of(configuration, shown));
  GH_TRY(questions, origins_of(urls_, trust));
  GH_TRY(plain_trust, trust_of(configuration, {}));
  GH_TRY(for_others, origins_of(urls_, plain_trust));
  present_->set({std::move(questions), std::move(for_others)});
  return {};
}

std::unique_ptr<http::Client> RemoteKeyManagers::client(net::Loop& loop) const {
  return std::make_unique<Asker>(loop, *this);
}

}  // namespace gatehouse::app
