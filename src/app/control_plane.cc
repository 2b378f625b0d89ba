// SPDX-License-Identifier: Apache-2.0
#include "app/control_plane.h"

#include <cstdlib>
#include <iostream>

#include "app/mail_sender.h"
#include "app/secrets.h"
#include "core/log.h"
#include "core/text.h"
#include "rest/documents.h"
#include "rest/key_manager.h"
#include "storage/apis/defaults.h"
#include "storage/apis/gateway_store.h"
#include "storage/change_log.h"
#include "storage/outbox.h"
#include "storage/registry/content_store.h"
#include "storage/users/user_store.h"

namespace gatehouse::app {

namespace {

constexpr std::uint64_t clean_every = 30;  // rounds of care()
constexpr std::uint64_t sweep_every = 3600;

keymanager::Options key_manager_options(const Configuration& configuration,
                                        const Surroundings& surroundings) {
  keymanager::Options options;
  options.hash_turns = surroundings.hash_turns;
  options.issuer = configuration.issuer();
  options.base_url = configuration.base_url();
  options.key_cache = configuration.key_manager.key_cache ? keymanager::KeyCacheMode::on
                                                          : keymanager::KeyCacheMode::off;
  const LoginConfig& login = configuration.login;
  options.session = {.idle = std::chrono::seconds(login.session_idle_s),
                     .absolute = std::chrono::seconds(login.session_max_s)};
  options.directory_interval = std::chrono::seconds(login.directory_interval_s);
  options.send_mail = mail_sender(configuration);
  options.mail_from = configuration.mail.from;
  options.themes = login.themes.empty() ? "" : configuration.path(login.themes);
  options.implicit_tenants = login.implicit_tenants;
  options.signing_algorithms = configuration.signing_algorithms();
  if (configuration.key_manager.dpop_nonce) options.dpop_nonce = keymanager::DpopNonce::required;
  if (configuration.tls.client_certificates) {
    options.client_certificates = keymanager::ClientCertificateMode::asked;
  }
  if (!configuration.tls.client_authorities.empty()) {
    options.client_authorities = configuration.path(configuration.tls.client_authorities);
  }
  return options;
}

keymanager::NodeCertificates::Options node_certificate_options(const Configuration& configuration) {
  const ClusterConfig& cluster = configuration.cluster;
  return {.files = {.certificates = configuration.path(cluster.ca),
                    .revocations = cluster.revocations.empty()
                                       ? std::string()
                                       : configuration.path(cluster.revocations)},
          .names = cluster.node_names};
}

http::Fetcher::Options fetcher_options(const Configuration& configuration) {
  http::Fetcher::Options options;
  if (configuration.server.allow_private_fetches) {
    options.private_networks = http::PrivateNetworks::allowed;
  }
  const auto trust = net::TlsClient::open({});
  if (!trust) log_warning("https to other servers: {}", trust.error().message);
  if (trust) options.trust = *trust;
  return options;
}

std::string portal_url(const Configuration& configuration, const std::string& configured,
                       std::string_view path) {
  return configured.empty() ? fmt::format("{}/{}", configuration.base_url(), path) : configured;
}

std::uint64_t number_of(std::string_view message) {
  const Result<json::object> hint = parse_json_object(message);
  return hint ? static_cast<std::uint64_t>(number_or(*hint, "number", 0)) : 0;
}

void log_failure(std::string_view what, const Result<>& result) {
  if (!result) log_warning("{}: {}: {}", what, result.error().message, result.error().detail);
}

}  // namespace

ControlPlane::ControlPlane(const Configuration& configuration, Surroundings& surroundings,
                           storage::Databases& databases, const std::string& cluster_key,
                           LocalGateway gateway)
    : configuration_(configuration),
      surroundings_(surroundings),
      databases_(databases),
      gateway_(std::move(gateway)),
      cluster_key_(cluster_key),
      sealer_({cluster_key}),
      fetches_(fetcher_options(configuration)),
      key_manager_client_(surroundings.loop, surroundings.sql, internal_),
      key_manager_({databases.user_manager(), databases.api_manager(), surroundings.clock,
                    surroundings.random, surroundings.bus, surroundings.logins, sealer_,
                    surroundings.metrics, fetches_.fetcher()},
                   key_manager_options(configuration, surroundings)),
      feed_(databases, surroundings.clock, configuration.issuer()),
      announcer_(databases, feed_, surroundings.bus),
      changes_(surroundings.bus.subscribe(
          std::string(bus::subject_changes),
          [this](std::string_view message) { feed_.wake(number_of(message)); })),
      publisher_(databases, surroundings.clock, surroundings.random, publisher_options()),
      devportal_(databases, key_manager_client_, surroundings.clock, surroundings.random,
                 {.key_manager_url = configuration.base_url(),
                  .hash_password = hashing().hash,
                  .password_matches = hashing().matches}),
      admin_(databases, key_manager_client_, surroundings.clock, surroundings.random,
             {.hash_password = hashing().hash,
              .password_matches = hashing().matches,
              .seal =
                  [this](std::string_view secret, std::string_view context) {
                    return sealer_.seal(secret, context, surroundings_.random);
                  },
              .issuer = configuration.issuer(),
              .signing_algorithms = configuration.key_manager.signing_algorithms,
              .defaults = defaults()}),
      analytics_(databases, surroundings.clock),
      inspection_(gateway_.snapshot) {}

publisher::PublisherOptions ControlPlane::publisher_options() {
  return {.devportal_url =
              portal_url(configuration_, configuration_.portals.devportal_url, "devportal"),
          .seal =
              [this](std::string_view secret) {
                return to_base64(sealer_.seal(secret, "endpoint", surroundings_.random));
              },
          .issue_try_out_key =
              [this](const std::string& api_id, const std::string& user_id) {
                return key_manager_.try_out_keys().issue(api_id, user_id);
              }};
}

rest::PasswordHashing ControlPlane::hashing() {
  return {.hash = [this](const std::string& it) { return key_manager_.passwords().hash(it); },
          .matches =
              [this](const std::string& password, const std::string& hash) {
                return key_manager_.passwords().matches(password, hash);
              }};
}

storage::DefaultsOptions ControlPlane::defaults() const {
  return {.host = configuration_.server.hostname,
          .http_port = configuration_.port(configuration_.gateway.http_port),
          .https_port = configuration_.port(configuration_.gateway.https_port)};
}

// Ports may have moved since the last start, for every tenant.
Result<> ControlPlane::make_defaults() {
  GH_TRY(tenants, databases_.user_manager().read([](storage::Transaction& transaction) {
    return transaction.query("SELECT tenant_id FROM um_tenant");
  }));
  storage::DefaultsOptions options = defaults();
  for (const storage::Row& tenant : tenants) {
    options.tenant = tenant.number(0);
    GH_CHECK(storage::add_defaults(databases_.api_manager(), options, surroundings_.clock,
                                   surroundings_.random));
  }
  return {};
}

ControlPlane::~ControlPlane() {
  announcer_.stop();
  feed_.stop();
}

rest::Router& ControlPlane::add_router(const rest::EmbeddedDocument& document,
                                       std::vector<std::string> base_paths) {
  rest::RouterOptions options{.base_paths = base_paths,
                              .openapi_json = document.json,
                              .openapi_yaml = document.yaml,
                              .after_write = gateway_.wait};
  routers_.push_back(std::make_unique<rest::Router>(std::move(options), key_manager_client_));
  for (const std::string& path : base_paths) public_.add(path, *routers_.back());
  return *routers_.back();
}

Result<> ControlPlane::mount() {
  publisher_.mount(
      add_router(rest::publisher_document, {"/api/am/publisher/v4", "/api/am/publisher/v3",
                                            "/api/am/publisher/v2", "/api/am/publisher/v1"}));
  devportal_.mount(
      add_router(rest::devportal_document, {"/api/am/devportal/v3", "/api/am/devportal/v2",
                                            "/api/am/devportal/v1", "/api/am/store/v1"}));
  admin_.mount(add_router(rest::admin_document, {"/api/am/admin/v4"}));
  analytics_.mount(add_router(rest::analytics_document, {"/api/am/analytics/v1"}));
  inspection_.mount(add_router(rest::gateway_document, {"/api/am/gateway/v2"}));
  for (const auto& router : routers_) GH_CHECK(router->check());

  public_.add("/scim2", admin_.scim());
  for (const char* path :
       {"/oauth2", "/oauth2endpoints", "/oidc", "/.well-known", "/client-registration"}) {
    public_.add(path, key_manager_.public_handler());
    internal_.add(path, key_manager_.public_handler());
  }
  internal_.add("/internal/keys/v1", key_manager_.internal_handler());
  internal_.add("/internal/data/v1", feed_);
  internal_.add("/internal/data/v1/usage", analytics_.intake());
  return {};
}

// A session ends with the secret that it was earned by, so a new secret ends them all.
Result<> ControlPlane::open_node_door() {
  const ClusterConfig& cluster = configuration_.cluster;
  keymanager::NodeDoor::Proofs proofs;
  if (cluster.accepts("secret") && !cluster.secret_file.empty()) {
    GH_TRY(secret, read_shared_secret(configuration_.path(cluster.secret_file)));
    const std::string key = cluster.share_sessions
                                ? hkdf_sha256(cluster_key_, "session " + sha256_hex(secret))
                                : surroundings_.random.bytes(32);
    node_sessions_ = std::make_unique<keymanager::NodeSessions>(std::vector<std::string>{key},
                                                                surroundings_.clock);
    proofs.sessions = node_sessions_.get();
    proofs.secret = secret;
  }
  if (cluster.accepts("certificate")) {
    node_certificates_ = std::make_unique<keymanager::NodeCertificates>(
        node_certificate_options(configuration_), surroundings_.clock);
    GH_CHECK(node_certificates_->load());
    proofs.certificates = node_certificates_.get();
  }
  if (!node_sessions_ && !node_certificates_) return {};
  node_door_ = std::make_unique<keymanager::NodeDoor>(key_manager_.internal_handler(), proofs,
                                                      surroundings_.metrics);
  public_.add("/internal/keys/v1/validate", *node_door_);
  return {};
}

Result<> ControlPlane::reload_node_trust() {
  return node_certificates_ ? node_certificates_->load() : Result<>();
}

Result<> ControlPlane::bootstrap() {
  const char* given = std::getenv("GATEHOUSE_ADMIN_PASSWORD");
  keymanager::FirstUser first{.name = configuration_.admin.username, .password = std::nullopt};
  if (given != nullptr && *given != '\0') first.password = given;
  GH_TRY(made, key_manager_.bootstrap(first));
  if (made.made_password.empty()) return {};
  const std::string file = configuration_.path("admin-password");
  GH_CHECK(write_secret(file, made.made_password + "\n"));
  std::cout << "The password of " << first.name << " is " << made.made_password << " (kept in "
            << file << ")\n"
            << std::flush;
  return {};
}

Result<> ControlPlane::start() {
  GH_CHECK(bootstrap());
  GH_CHECK(make_defaults());
  GH_CHECK(key_manager_.start());
  GH_CHECK(mount());
  GH_CHECK(open_node_door());
  return announcer_.start();
}

// Entries that nobody has drained were left by a crash, or by a command beside this server.
Result<> ControlPlane::hear_of_users() {
  GH_TRY(users, databases_.user_manager().read([](storage::Transaction& transaction) {
    // Every tenant's: what is done with each entry names its tenant.
    return transaction.query("SELECT DISTINCT tenant_id, user_id, kind FROM um_outbox");
  }));
  for (const storage::Row& row : users) {
    const bool of_tenant = row.text(2) == "tenant";
    GH_CHECK(of_tenant ? rest::tell_tenant_changed(key_manager_client_, row.number(0))
                       : rest::tell_user_changed(key_manager_client_, row.number(0), row.text(1)));
  }
  GH_CHECK(storage::drain_outbox(databases_.user_manager(), databases_.api_manager(),
                                 surroundings_.clock));
  // Draining has taken tokens back, which somebody may have remembered between the two.
  for (const storage::Row& row : users) {
    if (row.text(2) != storage::outbox_password_reset) continue;
    GH_CHECK(rest::tell_user_changed(key_manager_client_, row.number(0), row.text(1)));
  }
  return {};
}

Result<> ControlPlane::hear_of_changes() {
  GH_TRY(head, databases_.api_manager().read(
                   [](storage::Transaction& transaction) { return change_head(transaction); }));
  if (head.number <= heard_) return {};
  heard_ = head.number;
  return key_manager_.signing_keys().reload();
}

Result<> ControlPlane::clean() {
  GH_TRY(removed, key_manager_.sweep());
  if (removed > 0) log_info("{} expired tokens and revocations removed", removed);
  GH_TRY(forgotten, storage::forget_outbox_seen(databases_.api_manager(), surroundings_.clock));
  static_cast<void>(forgotten);
  const Instant until = surroundings_.clock.now() - storage::change_age_max;
  GH_TRY(changes, databases_.api_manager().write([&](storage::Transaction& transaction) {
    return storage::forget_changes(transaction, until);
  }));
  GH_CHECK(databases_.api_manager().write([&](storage::Transaction& transaction) {
    return storage::GatewayStore(transaction).forget(until);
  }));
  static_cast<void>(changes);
  return {};
}

// Contents that no API and no revision names any more, a day after they were kept last.
Result<> ControlPlane::sweep_contents() {
  GH_TRY(tenants, databases_.user_manager().read([](storage::Transaction& transaction) {
    return transaction.query("SELECT tenant_id FROM um_tenant");
  }));
  for (const storage::Row& tenant : tenants) {
    GH_TRY(rows, databases_.api_manager().read([&](storage::Transaction& transaction) {
      return transaction.query(
          "SELECT definition_hash FROM am_api WHERE tenant_id = $1 "
          "UNION SELECT definition_hash FROM am_revision WHERE tenant_id = $1",
          tenant.number(0));
    }));
    std::unordered_set<std::string> named;
    for (const storage::Row& row : rows) named.insert(row.text(0));
    GH_TRY(swept, storage::sweep_contents(databases_.registry(), tenant.number(0), named,
                                          surroundings_.clock));
    if (swept > 0) log_info("{} contents that nothing names removed", swept);
  }
  return {};
}

void ControlPlane::care() {
  log_failure("users", hear_of_users());
  log_failure("changes", hear_of_changes());
  log_failure("key managers", key_manager_.refresh_providers());
  log_failure("directories", key_manager_.follow_directories());
  if (++rounds_ % clean_every == 0) log_failure("cleaning", clean());
  if (rounds_ % sweep_every == 0) log_failure("sweeping", sweep_contents());
}

}  // namespace gatehouse::app
