// SPDX-License-Identifier: Apache-2.0
#include "app/remote_key_managers.h"

#include <fmt/format.h>

#include "app/secrets.h"
#include "core/text.h"
#include "http/pooled_client.h"
#include "http/session_client.h"

namespace gatehouse::app {

namespace {

// A loop's questions with the resolver that they need.
class Asker final : public http::Client {
 public:
  Asker(net::Loop& loop, net::Pool& files, const std::vector<http::Origin>& origins,
        const std::string& authorization)
      : resolver_(loop, files), client_(peers(loop, origins), authorization) {}

  net::Task<Result<http::Response>> send(const http::Request& request,
                                         std::chrono::milliseconds timeout) override {
    return client_.send(request, timeout);
  }
  Result<http::Response> ask(const http::Request& request,
                             std::chrono::milliseconds timeout) override {
    return client_.ask(request, timeout);
  }

 private:
  std::vector<std::unique_ptr<http::Client>> peers(net::Loop& loop,
                                                   const std::vector<http::Origin>& origins) {
    std::vector<std::unique_ptr<http::Client>> all;
    for (const http::Origin& origin : origins) {
      all.push_back(std::make_unique<http::PooledClient>(loop, resolver_, origin,
                                                         http::PooledClient::Options{}));
    }
    return all;
  }

  net::Resolver resolver_;
  http::SessionClient client_;
};

Result<std::shared_ptr<const net::TlsClient>> trust_of(const Configuration& configuration) {
  net::TlsClient::Options options;
  if (!configuration.cluster.ca.empty()) {
    options.trust = net::TlsClient::Trust::file;
    options.ca_file = configuration.path(configuration.cluster.ca);
  }
  return net::TlsClient::open(options);
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
  if (configuration.cluster.secret_file.empty()) {
    return fail(ErrorCode::invalid_argument,
                "cluster.secret_file: key managers of other nodes (gateway.key_manager) want to "
                "know this one by the cluster's secret");
  }
  GH_TRY(secret, read_shared_secret(configuration.path(configuration.cluster.secret_file)));
  GH_TRY(trust, trust_of(configuration));
  RemoteKeyManagers all(files, "Basic " + to_base64(node_name(configuration) + ":" + secret));
  for (const std::string& url : configuration.gateway.key_manager) {
    auto origin = http::Origin::parse(url, trust);
    if (!origin || !url.starts_with("https://")) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("gateway.key_manager: '{}' is not https://HOST:PORT", url));
    }
    all.origins_.push_back(*std::move(origin));
  }
  if (all.origins_.empty()) {
    return fail(ErrorCode::invalid_argument, "gateway.key_manager: name at least one");
  }
  return std::optional(std::move(all));
}

std::unique_ptr<http::Client> RemoteKeyManagers::client(net::Loop& loop) const {
  return std::make_unique<Asker>(loop, *files_, origins_, authorization_);
}

}  // namespace gatehouse::app
