// SPDX-License-Identifier: Apache-2.0
#include "app/node.h"

#include <filesystem>

#include "app/database_options.h"
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
      surroundings_(surroundings),
      status_page_(
          surroundings.metrics, [this] { return readiness(); },
          [this](std::uint64_t number, milliseconds timeout) {
            return gateway_->wait_for(number, timeout);
          }) {}

Node::~Node() { stop(); }

Readiness Node::readiness() const {
  if (!gateway_ || draining_) return {};
  const Instant heard = gateway_->heard_at();
  return {.ready = gateway_->ready(),
          .number = gateway_->number(),
          .age = heard == Instant{} ? milliseconds(0) : surroundings_.clock.now() - heard};
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

Result<> Node::open_data() {
  std::error_code error;
  std::filesystem::create_directories(configuration_.server.data_dir, error);
  if (error) {
    return fail(ErrorCode::unavailable,
                fmt::format("{}: {}", configuration_.server.data_dir, error.message()));
  }
  storage::DatabaseOptions options = database_options(configuration_);
  options.on_change = [this](std::uint64_t) {
    if (control_plane_) control_plane_->committed();
  };
  GH_TRY(opened, storage::Databases::open(options, storage::Access::server, surroundings_.clock,
                                          surroundings_.random));
  databases_ = std::move(opened);
  GH_TRY(cluster_key, load_or_make_cluster_key(configuration_.path(configuration_.cluster.key_file),
                                               surroundings_.random));
  token_key_ = hkdf_sha256(cluster_key, "gateway token journal");
  owner_ = std::make_unique<traffic::Owner>(
      surroundings_.bus, surroundings_.clock,
      traffic::OwnerOptions{.journal_file = configuration_.path("limits.journal")});
  GH_CHECK(owner_->start());
  ControlPlane::LocalGateway local{
      .wait =
          [this](std::uint64_t change) {
            if (gateway_ && change > 0) gateway_->wait_for(change, gateway_wait_max);
          },
      .snapshot = [this] { return gateway_ ? gateway_->snapshot() : nullptr; }};
  control_plane_ = std::make_unique<ControlPlane>(configuration_, surroundings_, *databases_,
                                                  cluster_key, std::move(local));
  return control_plane_->start();
}

Result<> Node::open_gateway() {
  control_plane_client_ = std::make_unique<http::LocalClient>(surroundings_.loop, surroundings_.sql,
                                                              control_plane_->internal_handler());
  GH_TRY(key_managers, RemoteKeyManagers::open(configuration_, surroundings_.files));
  key_managers_ = std::move(key_managers);
  gateway::Options options;
  options.node = configuration_.server.hostname;
  options.snapshot_folder = configuration_.path("gateway");
  options.token_key = token_key_;
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
  options.own_ports = {options.ports.http, options.ports.https, configuration_.port(control_port),
                       configuration_.port(status_port)};
  const std::string& access = configuration_.log.access;
  options.access_log = {
      .file = access.empty() || access == "-" ? access : configuration_.path(access),
      .rotate_bytes = static_cast<std::uint64_t>(configuration_.log.rotate_mb) * 1024 * 1024,
      .keep = static_cast<std::size_t>(configuration_.log.keep)};
  gateway_ = std::make_unique<gateway::Gateway>(
      gateway::Gateway::Parts{surroundings_.clock, surroundings_.random, surroundings_.metrics,
                              surroundings_.bus, surroundings_.files, *control_plane_client_,
                              [this](net::Loop& loop) -> std::unique_ptr<http::Client> {
                                if (key_managers_) return key_managers_->client(loop);
                                return std::make_unique<http::LocalClient>(
                                    loop, surroundings_.sql, control_plane_->internal_handler());
                              }},
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
  GH_TRY(tls, certificate(configuration_, asked_by_control_plane(configuration_)));
  GH_TRY(control, serve(control_plane_->public_handler(),
                        net::Endpoint::any(configuration_.port(control_port)), tls));
  control_server_ = std::move(control);
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
  if (configuration_.server.profile != std::vector<std::string>{"all-in-one"}) {
    return fail(ErrorCode::invalid_argument,
                "server.profile: this version runs every role in one process; set all-in-one");
  }
  set_log_level(level_of(configuration_.log.level));
  GH_TRY(proxies, networks(configuration_.server.trusted_proxies, "server.trusted_proxies"));
  trusted_proxies_ = std::move(proxies);
  GH_CHECK(open_data());
  GH_CHECK(open_gateway());
  GH_CHECK(open_servers());
  tasks_.spawn(care());
  log_info("ready: control plane on {}, gateway on {} and {}, status on {}",
           configuration_.port(control_port), gateway_->ports().https, gateway_->ports().http,
           configuration_.port(status_port));
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

void Node::reload(const Configuration& configuration) {
  set_log_level(level_of(configuration.log.level));
  gateway_->reopen_log();
  const auto control_tls = certificate(configuration, asked_by_control_plane(configuration));
  const auto gateway_tls = certificate(configuration, asked_by_gateway(configuration));
  if (!control_tls || !gateway_tls) {
    log_error("certificates stay as they are: {}",
              (control_tls ? gateway_tls.error() : control_tls.error()).message);
    return;
  }
  control_server_->set_tls(*control_tls);
  gateway_->set_tls(*gateway_tls);
  if (const Result<> trusted = control_plane_->reload_node_trust(); !trusted) {
    log_error("nodes are known as before: {}", trusted.error().message);
    return;
  }
  if (key_managers_) {
    if (const Result<> shown = key_managers_->reload(configuration); !shown) {
      log_error("key managers are asked as before: {}", shown.error().message);
      return;
    }
  }
  log_info("certificates and log level are read again");
}

void Node::drain(std::function<void()> over) {
  draining_ = true;
  http::DrainOptions options;
  options.accept = std::chrono::seconds(configuration_.server.drain_accept_s);
  gateway_->drain(options);
  control_server_->drain(options, [] {});
  tasks_.spawn(watch_drain(std::move(over)));
}

net::Task<> Node::watch_drain(std::function<void()> over) {
  while (!gateway_->drained() || control_server_->connections() > 0) {
    co_await surroundings_.loop.sleep_for(drain_look_interval);
  }
  over();
}

void Node::stop() {
  tasks_.cancel();
  for (auto* server : {&control_server_, &status_server_, &sample_server_}) server->reset();
  if (gateway_) gateway_->stop();
  if (owner_) owner_->stop();
  if (control_plane_) control_plane_->stop_fetching();
  surroundings_.stop_pools();
  gateway_.reset();
  control_plane_client_.reset();
  control_plane_.reset();
  owner_.reset();
  databases_.reset();
}

}  // namespace gatehouse::app
