// SPDX-License-Identifier: Apache-2.0
#include "app/node.h"

#include <filesystem>

#include "app/database_options.h"
#include "app/profile_rules.h"
#include "app/secrets.h"
#include "core/digest.h"
#include "core/log.h"
#include "core/text.h"

namespace gatehouse::app {

namespace {

using std::chrono::milliseconds;

constexpr std::int64_t control_port = 9443;
constexpr std::int64_t status_port = 9763;
constexpr milliseconds gateway_wait_max{200};
// Removal of what has expired, flushing, and the like; each part knows when it is due.
constexpr std::chrono::seconds care_interval{1};
// Workers drain on threads of their own and take up to a minute; nobody sees so short a wait.
constexpr milliseconds drain_look_interval{20};
// A snapshot of 100,000 APIs and a million subscriptions fits in.
constexpr std::uint64_t snapshot_bytes_max = 2ULL * 1024 * 1024 * 1024;
// What a gateway that ends waits for a control plane of another node.
constexpr milliseconds last_words_max{1000};

Result<std::vector<net::Network>> networks(const std::vector<std::string>& texts,
                                           std::string_view key) {
  std::vector<net::Network> all;
  for (const std::string& text : texts) {
    const Result<net::Network> network = net::Network::parse(text);
    if (!network) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{}: '{}' is not a network such as 10.0.0.0/8", key, text));
    }
    all.push_back(*network);
  }
  return all;
}

LogLevel level_of(const std::string& name) {
  constexpr std::array<std::string_view, 6> names{"trace",   "debug", "info",
                                                  "warning", "error", "off"};
  const auto found = std::ranges::find(names, name);
  return static_cast<LogLevel>(found - names.begin());
}

net::ClientCertificates asked_by_gateway(const Configuration& configuration) {
  return configuration.tls.client_certificates ? net::ClientCertificates::asked
                                               : net::ClientCertificates::ignored;
}

// Other nodes come to this port, too.
net::ClientCertificates asked_by_control_plane(const Configuration& configuration) {
  return configuration.cluster.accepts("certificate") ? net::ClientCertificates::asked
                                                      : asked_by_gateway(configuration);
}

}  // namespace

Node::Node(Configuration configuration, Surroundings& surroundings)
    : configuration_(std::move(configuration)),
      deployment_(Deployment::of(configuration_)),
      surroundings_(surroundings),
      status_page_(
          surroundings.metrics, [this] { return readiness(); },
          [this](std::uint64_t number, milliseconds timeout) { return wait_for(number, timeout); },
          [this] { return gateway_ ? gateway_->snapshot() : nullptr; }) {}

Node::~Node() { stop(); }

// A node without a gateway reads the databases at each request: it stands at the newest number.
Readiness Node::readiness() const {
  if (draining_ || !started_) return {};
  if (!gateway_) {
    return {.ready = true,
            .number = control_plane_ ? control_plane_->change_number() : 0,
            .age = milliseconds(0)};
  }
  const Instant heard = gateway_->heard_at();
  return {.ready = gateway_->ready(),
          .number = gateway_->number(),
          .age = heard == Instant{} ? milliseconds(0) : surroundings_.clock.now() - heard};
}

bool Node::wait_for(std::uint64_t number, milliseconds timeout) {
  if (gateway_) return gateway_->wait_for(number, timeout);
  return control_plane_ && control_plane_->stands_at(number);
}

net::CertificateFiles Node::certificate_files(const Configuration& configuration) const {
  if (!configuration.tls.certificate.empty()) {
    return {.certificate = configuration.path(configuration.tls.certificate),
            .key = configuration.path(configuration.tls.key)};
  }
  return {.certificate = configuration_.path("tls.crt"), .key = configuration_.path("tls.key")};
}

Result<std::shared_ptr<const net::TlsServer>> Node::certificate(const Configuration& configuration,
                                                                net::ClientCertificates asked) {
  const net::CertificateFiles files = certificate_files(configuration);
  if (configuration.tls.certificate.empty() && !std::filesystem::exists(files.key)) {
    GH_CHECK(net::make_self_signed(files, configuration.server.hostname));
  }
  net::TlsServer::Options options;
  options.files = files;
  options.client_certificates = asked;
  return net::TlsServer::open(options);
}

Result<> Node::open_folder() {
  std::error_code error;
  std::filesystem::create_directories(configuration_.server.data_dir, error);
  if (!error) return {};
  return fail(ErrorCode::unavailable,
              fmt::format("{}: {}", configuration_.server.data_dir, error.message()));
}

Result<> Node::open_data() {
  const Roles& roles = deployment_.roles;
  if (!roles.keeps_data()) return {};
  storage::DatabaseOptions options = database_options(configuration_);
  options.on_change = [this](std::uint64_t number) {
    if (control_plane_) control_plane_->committed(number);
  };
  GH_TRY(opened, storage::Databases::open(options, storage::Access::server, surroundings_.clock,
                                          surroundings_.random));
  databases_ = std::move(opened);
  GH_TRY(cluster_key, load_or_make_key(configuration_.path(configuration_.cluster.key_file),
                                       surroundings_.random));
  if (roles.portals() && deployment_.key_managers_of_portals == Place::elsewhere) {
    GH_TRY(nodes, RemoteNodes::open(configuration_, {.key = "portals.key_manager",
                                                     .urls = configuration_.portals.key_manager,
                                                     .authorization = proof_of_control_plane(
                                                         configuration_, cluster_key)}));
    key_managers_of_portals_ = std::move(nodes);
    portals_ask_ = std::make_unique<RemoteAsker>(*key_managers_of_portals_);
  }
  LocalGateway local;
  if (roles.gateway) {
    local.wait = [this](std::uint64_t change) {
      if (gateway_ && change > 0) gateway_->wait_for(change, gateway_wait_max);
    };
    local.snapshot = [this] { return gateway_ ? gateway_->snapshot() : nullptr; };
  }
  control_plane_ = std::make_unique<ControlPlane>(
      ControlPlane::Parts{.configuration = configuration_,
                          .roles = deployment_.roles,
                          .surroundings = surroundings_,
                          .databases = *databases_,
                          .cluster_key = cluster_key,
                          .key_managers = portals_ask_ ? &portals_ask_->client() : nullptr,
                          .gateway = std::move(local)});
  return control_plane_->start();
}

Result<> Node::open_traffic_manager() {
  if (!deployment_.roles.traffic_manager) return {};
  owner_ =
      std::make_unique<traffic::Owner>(traffic::Owner::Parts{.bus = surroundings_.bus,
                                                             .keep = *surroundings_.keep,
                                                             .clock = surroundings_.clock,
                                                             .metrics = surroundings_.metrics});
  return owner_->start();
}

Result<> Node::open_neighbours() {
  const bool feed_elsewhere = deployment_.feed == Place::elsewhere;
  const bool keys_elsewhere = deployment_.key_managers_of_gateway == Place::elsewhere;
  if (!feed_elsewhere) {
    feed_here_ = std::make_unique<http::LocalClient>(surroundings_.loop, surroundings_.sql,
                                                     control_plane_->internal_handler());
  }
  if (!feed_elsewhere && !keys_elsewhere) return {};
  GH_TRY(proof, proof_of_gateway(configuration_));
  if (keys_elsewhere) {
    GH_TRY(nodes, RemoteNodes::open(configuration_, {.key = "gateway.key_manager",
                                                     .urls = configuration_.gateway.key_manager,
                                                     .authorization = proof}));
    key_managers_of_gateway_ = std::move(nodes);
  }
  if (!feed_elsewhere) return {};
  GH_TRY(nodes, RemoteNodes::open(configuration_, {.key = "gateway.control_plane",
                                                   .urls = configuration_.gateway.control_plane,
                                                   .authorization = proof,
                                                   .patience = http::SessionClient::Patience::whole,
                                                   .body_bytes_max = snapshot_bytes_max}));
  feed_nodes_ = std::move(nodes);
  feed_asks_ = std::make_unique<RemoteAsker>(*feed_nodes_);
  return {};
}

Result<gateway::Options> Node::gateway_options() {
  gateway::Options options;
  // Of this gateway alone: it names tokens in the journal of validations, and the gateway itself.
  GH_TRY(key, load_or_make_key(configuration_.path("gateway.key"), surroundings_.random));
  options.node = configuration_.bus.name;
  if (options.node.empty()) {
    options.node = fmt::format("{}-{}", configuration_.server.hostname,
                               sha256_hex(hkdf_sha256(key, "gateway name")).substr(0, 12));
  }
  options.token_key = hkdf_sha256(key, "gateway token journal");
  options.holder = fmt::format("{}.{}", surroundings_.name, to_hex(surroundings_.random.bytes(4)));
  options.snapshot_folder = configuration_.path("gateway");
  options.environments = configuration_.gateway.environments;
  options.workers = configuration_.server.workers > 0
                        ? static_cast<unsigned>(configuration_.server.workers)
                        : std::max(1U, std::thread::hardware_concurrency());
  options.ports = {.http = configuration_.port(configuration_.gateway.http_port),
                   .https = configuration_.port(configuration_.gateway.https_port)};
  GH_TRY(tls, certificate(configuration_, asked_by_gateway(configuration_)));
  options.tls = std::move(tls);
  GH_TRY(trust, net::TlsClient::open({}));
  options.backend_trust = std::move(trust);
  options.cache_rules.enabled = configuration_.gateway.key_cache;
  options.cache_rules.ttl = std::chrono::seconds(configuration_.gateway.key_cache_ttl_s);
  options.cache_rules.stale_max = std::chrono::seconds(configuration_.gateway.stale_max_s);
  options.token_trials_max = static_cast<std::uint32_t>(configuration_.gateway.unknown_tokens_max);
  options.websocket_idle = std::chrono::seconds(configuration_.gateway.websocket_idle_s);
  options.trusted_proxies = trusted_proxies_;
  options.forwarded_certificates = configuration_.gateway.forwarded_certificates;
  GH_TRY(forbidden,
         networks(configuration_.gateway.forbidden_backends, "gateway.forbidden_backends"));
  options.forbidden_backends = std::move(forbidden);
  options.own_ports = {options.ports.http, options.ports.https, configuration_.port(status_port)};
  if (deployment_.roles.has_control_port()) {
    options.own_ports.push_back(configuration_.port(control_port));
  }
  const std::string& access = configuration_.log.access;
  options.access_log = {
      .file = access.empty() || access == "-" ? access : configuration_.path(access),
      .rotate_bytes = static_cast<std::uint64_t>(configuration_.log.rotate_mb) * 1024 * 1024,
      .keep = static_cast<std::size_t>(configuration_.log.keep)};
  return options;
}

Result<> Node::open_gateway() {
  if (!deployment_.roles.gateway) return {};
  GH_CHECK(open_neighbours());
  GH_TRY(options, gateway_options());
  http::Client& feed = feed_asks_ ? feed_asks_->client() : static_cast<http::Client&>(*feed_here_);
  std::function<std::unique_ptr<http::Client>(net::Loop&)> watched;
  if (feed_nodes_) {
    watched = [this](net::Loop& loop) { return feed_nodes_->client(loop, surroundings_.files); };
  }
  gateway_ = std::make_unique<gateway::Gateway>(
      gateway::Gateway::Parts{surroundings_.clock, surroundings_.random, surroundings_.metrics,
                              surroundings_.bus, surroundings_.files, feed,
                              [this](net::Loop& loop) -> std::unique_ptr<http::Client> {
                                if (key_managers_of_gateway_) {
                                  return key_managers_of_gateway_->client(loop,
                                                                          surroundings_.files);
                                }
                                return std::make_unique<http::LocalClient>(
                                    loop, surroundings_.sql, control_plane_->internal_handler());
                              },
                              std::move(watched)},
      std::move(options));
  return gateway_->start();
}

Result<std::unique_ptr<http::Server>> Node::serve(http::Handler& handler, net::Endpoint endpoint,
                                                  std::shared_ptr<const net::TlsServer> tls) {
  http::ServerOptions options;
  options.listener.endpoint = endpoint;
  options.tls = std::move(tls);
  options.trusted_proxies = trusted_proxies_;
  return http::Server::open(surroundings_.loop, surroundings_.sql, handler, surroundings_.clock,
                            std::move(options));
}

Result<> Node::open_servers() {
  if (control_plane_) {
    GH_TRY(tls, certificate(configuration_, asked_by_control_plane(configuration_)));
    GH_TRY(control, serve(control_plane_->public_handler(),
                          net::Endpoint::any(configuration_.port(control_port)), tls));
    control_server_ = std::move(control);
  }
  GH_TRY(address, net::Address::parse(configuration_.server.status_address));
  GH_TRY(status,
         serve(status_page_, net::Endpoint(address, configuration_.port(status_port)), nullptr));
  status_server_ = std::move(status);
  if (!configuration_.sample.enabled) return {};
  GH_TRY(loopback, net::Address::parse("127.0.0.1"));
  GH_TRY(sample,
         serve(pizza_shop_,
               net::Endpoint(loopback, configuration_.port(configuration_.sample.port)), nullptr));
  sample_server_ = std::move(sample);
  return {};
}

Result<> Node::start() {
  set_log_level(level_of(configuration_.log.level));
  for (const std::string& warning : warnings_of(configuration_)) log_warning("{}", warning);
  GH_TRY(proxies, networks(configuration_.server.trusted_proxies, "server.trusted_proxies"));
  trusted_proxies_ = std::move(proxies);
  GH_CHECK(open_folder());
  GH_CHECK(open_traffic_manager());
  GH_CHECK(open_data());
  GH_CHECK(open_gateway());
  GH_CHECK(open_servers());
  if (control_plane_) tasks_.spawn(care());
  started_ = true;
  log_info("ready as {}; status on {}", deployment_.roles.text(), configuration_.port(status_port));
  if (control_plane_) log_info("control plane on {}", configuration_.port(control_port));
  if (gateway_) {
    log_info("gateway on {} and {}", gateway_->ports().https, gateway_->ports().http);
  }
  return {};
}

net::Task<> Node::care() {
  for (;;) {
    co_await surroundings_.loop.sleep_for(care_interval);
    const auto round = [this] { control_plane_->care(); };
    const Result<> done = co_await surroundings_.sql.run(surroundings_.loop, round);
    if (!done) log_warning("care: {}", done.error().message);
  }
}

Result<> Node::reload_certificates(const Configuration& configuration) {
  GH_TRY(control_tls, certificate(configuration, asked_by_control_plane(configuration)));
  GH_TRY(gateway_tls, certificate(configuration, asked_by_gateway(configuration)));
  if (control_server_) control_server_->set_tls(std::move(control_tls));
  if (gateway_) gateway_->set_tls(gateway_tls);
  return {};
}

Result<> Node::reload_neighbours(const Configuration& configuration) {
  for (const auto* nodes : {&key_managers_of_portals_, &key_managers_of_gateway_, &feed_nodes_}) {
    if (*nodes) GH_CHECK((*nodes)->reload(configuration));
  }
  return {};
}

void Node::reload(const Configuration& configuration) {
  set_log_level(level_of(configuration.log.level));
  if (gateway_) gateway_->reopen_log();
  if (const Result<> shown = reload_certificates(configuration); !shown) {
    return log_error("certificates stay as they are: {}", shown.error().message);
  }
  if (control_plane_) {
    if (const Result<> trusted = control_plane_->reload_node_trust(); !trusted) {
      return log_error("nodes are known as before: {}", trusted.error().message);
    }
  }
  if (const Result<> asked = reload_neighbours(configuration); !asked) {
    return log_error("other nodes are asked as before: {}", asked.error().message);
  }
  log_info("certificates and log level are read again");
}

void Node::drain(std::function<void()> over) {
  draining_ = true;
  http::DrainOptions options;
  options.accept = std::chrono::seconds(configuration_.server.drain_accept_s);
  if (gateway_) gateway_->drain(options);
  if (control_server_) control_server_->drain(options, [] {});
  tasks_.spawn(watch_drain(std::move(over)));
}

net::Task<> Node::watch_drain(std::function<void()> over) {
  while ((gateway_ && !gateway_->drained()) ||
         (control_server_ && control_server_->connections() > 0)) {
    co_await surroundings_.loop.sleep_for(drain_look_interval);
  }
  over();
}

void Node::stop() {
  tasks_.cancel();
  for (auto* server : {&control_server_, &status_server_, &sample_server_}) server->reset();
  // The last counts are sent if somebody takes them soon.
  if (feed_asks_) feed_asks_->stop_after(last_words_max);
  if (gateway_) gateway_->stop();
  if (owner_) owner_->stop();
  if (portals_ask_) portals_ask_->stop_after(milliseconds(0));
  if (control_plane_) control_plane_->stop_waiting();
  surroundings_.stop_pools();
  gateway_.reset();
  feed_here_.reset();
  feed_asks_.reset();
  feed_nodes_.reset();
  key_managers_of_gateway_.reset();
  control_plane_.reset();
  portals_ask_.reset();
  key_managers_of_portals_.reset();
  owner_.reset();
  databases_.reset();
}

}  // namespace gatehouse::app
