// SPDX-License-Identifier: Apache-2.0
#include "app/remote_key_managers.h"

#include <fmt/format.h>

#include "app/secrets.h"
#include "core/text.h"
#include "http/pooled_client.h"
#include "http/session_client.h"

namespace gatehouse::app {

namespace {

using Origins = std::vector<http::Origin>;

// A loop's questions with the resolver that they need. What is passed on for others goes on
// connections of its own: a token that a client asks for through this node must not be bound to the
// certificate of the node.
class Asker final : public http::Client {
 public:
  struct Paths {
    const Origins& questions;
    const Origins& for_others;
  };

  Asker(net::Loop& loop, net::Pool& files, const Paths& paths, const std::string& authorization)
      : resolver_(loop, files),
        questions_(peers(loop, paths.questions), authorization),
        for_others_(peers(loop, paths.for_others), "") {}

  net::Task<Result<http::Response>> send(const http::Request& request,
                                         std::chrono::milliseconds timeout) override {
    return client_for(request).send(request, timeout);
  }
  Result<http::Response> ask(const http::Request& request,
                             std::chrono::milliseconds timeout) override {
    return client_for(request).ask(request, timeout);
  }

 private:
  http::SessionClient& client_for(const http::Request& request) {
    return http::SessionClient::is_question(request) ? questions_ : for_others_;
  }

  std::vector<std::unique_ptr<http::Client>> peers(net::Loop& loop, const Origins& origins) {
    std::vector<std::unique_ptr<http::Client>> all;
    for (const http::Origin& origin : origins) {
      all.push_back(std::make_unique<http::PooledClient>(loop, resolver_, origin,
                                                         http::PooledClient::Options{}));
    }
    return all;
  }

  net::Resolver resolver_;
  http::SessionClient questions_;
  http::SessionClient for_others_;
};

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

Result<Origins> origins_of(const Configuration& configuration, const Tls& trust) {
  Origins origins;
  for (const std::string& url : configuration.gateway.key_manager) {
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

Result<std::optional<RemoteKeyManagers>> RemoteKeyManagers::open(const Configuration& configuration,
                                                                 net::Pool& files) {
  if (configuration.gateway.key_manager == GatewayConfig().key_manager) {
    return std::optional<RemoteKeyManagers>();
  }
  const ClusterConfig& cluster = configuration.cluster;
  net::CertificateFiles shown;
  std::string authorization;
  if (!cluster.certificate.empty()) {
    shown = {.certificate = configuration.path(cluster.certificate),
             .key = configuration.path(cluster.key)};
  } else if (!cluster.secret_file.empty()) {
    GH_TRY(secret, read_shared_secret(configuration.path(cluster.secret_file)));
    authorization = "Basic " + to_base64(node_name(configuration) + ":" + secret);
  } else {
    return fail(ErrorCode::invalid_argument,
                "cluster.certificate, cluster.secret_file: key managers of other nodes "
                "(gateway.key_manager) want to know this one by a certificate or by the cluster's "
                "secret");
  }
  RemoteKeyManagers all(files, std::move(authorization));
  GH_TRY(trust, trust_of(configuration, shown));
  GH_TRY(origins, origins_of(configuration, trust));
  all.origins_ = std::move(origins);
  GH_TRY(plain_trust, trust_of(configuration, {}));
  GH_TRY(for_others, origins_of(configuration, plain_trust));
  all.for_others_ = std::move(for_others);
  return std::optional(std::move(all));
}

std::unique_ptr<http::Client> RemoteKeyManagers::client(net::Loop& loop) const {
  const Asker::Paths paths{.questions = origins_, .for_others = for_others_};
  return std::make_unique<Asker>(loop, *files_, paths, authorization_);
}

}  // namespace gatehouse::app
