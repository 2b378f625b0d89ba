// SPDX-License-Identifier: Apache-2.0
#include "app/configuration_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "app/bus_options.h"
#include "app/roles.h"
#include "keymanager/mail/message.h"
#include "net/address.h"

namespace gatehouse::app {

namespace {

const std::vector<std::string> levels{"trace", "debug", "info", "warning", "error", "off"};

using Keys = std::vector<ConfigurationKey>;

void add_server(Keys& keys, ServerConfig& server) {
  keys.insert(keys.end(),
              {
                  {"server",
                   "profile",
                   &server.profile,
                   "What this node runs: one profile or several.",
                   {},
                   profiles()},
                  {"server", "hostname", &server.hostname,
                   "The name clients use; it stands in every URL that is printed and in the made "
                   "certificate."},
                  {"server",
                   "port_offset",
                   &server.port_offset,
                   "Added to every port of this node.",
                   {0, 50'000}},
                  {"server", "data_dir", &server.data_dir,
                   "Where databases, keys, logs and snapshots live."},
                  {"server",
                   "workers",
                   &server.workers,
                   "Event loops of the gateway; 0: one per processor.",
                   {0, 1024}},
                  {"server", "status_address", &server.status_address,
                   "Address of the status port 9763 (health and metrics); keep it private."},
                  {"server", "trusted_proxies", &server.trusted_proxies,
                   "Networks (CIDR) of balancers whose X-Forwarded-For is believed."},
                  {"server",
                   "drain_accept_s",
                   &server.drain_accept_s,
                   "After SIGTERM: seconds in which new connections are still served, until "
                   "balancers notice.",
                   {0, 300}},
                  {"server", "allow_private_fetches", &server.allow_private_fetches,
                   "Whether the control plane may fetch URLs in private networks."},
              });
}

void add_log(Keys& keys, LogConfig& log) {
  keys.insert(keys.end(),
              {
                  {"log", "level", &log.level, "The least level that is written.", {}, levels},
                  {"log", "access", &log.access,
                   "Access log of the gateway, JSON lines; \"-\": standard output, \"\": none."},
                  {"log",
                   "rotate_mb",
                   &log.rotate_mb,
                   "Size in MiB at which the access log is rotated.",
                   {1, 1'000'000}},
                  {"log", "keep", &log.keep, "Rotated access logs that are kept.", {0, 1000}},
              });
}

void add_files(Keys& keys, Configuration& all) {
  keys.insert(
      keys.end(),
      {
          {"tls", "certificate", &all.tls.certificate,
           "PEM file with the certificate chain of ports 9443 and 8243; empty: self-signed, made "
           "at the "
           "first start."},
          {"tls", "key", &all.tls.key, "PEM file with its private key."},
          {"tls", "client_certificates", &all.tls.client_certificates,
           "Whether ports 9443 and 8243 ask clients for a certificate, which mutual TLS needs. A "
           "browser that has one may show a dialog."},
          {"tls", "client_authorities", &all.tls.client_authorities,
           "PEM file of the authorities whose certificates prove an OAuth client "
           "(tls_client_auth); empty: none."},
          {"admin", "username", &all.admin.username,
           "The first administrator, made at the first start."},
          {"database", "user_manager", &all.database.user_manager,
           "Users, roles and tenants: \"sqlite:FILE\" or \"postgres://USER@HOST/DATABASE\" "
           "(docs/postgresql.md)."},
          {"database", "api_manager", &all.database.api_manager,
           "APIs, applications, subscriptions, keys, tokens and usage: the same."},
          {"database", "registry", &all.database.registry, "Definitions and documents: the same."},
          {"database", "password_file", &all.database.password_file,
           "File whose first line is the password of PostgreSQL URLs without one; empty: libpq's "
           "own ways, as PGPASSFILE."},
          {"database",
           "connections_max",
           &all.database.connections_max,
           "Connections of this node to each database in PostgreSQL, at most.",
           {1, 1'000}},
          {"database", "owner", &all.database.owner,
           "Who migrates databases in PostgreSQL when this node starts; empty: the user of the "
           "URL, or another node, if this one owns no tables."},
          {"database", "owner_password_file", &all.database.owner_password_file,
           "File whose first line is the owner's password; empty: libpq's own ways."},
      });
}

void add_cluster(Keys& keys, ClusterConfig& cluster) {
  keys.insert(
      keys.end(),
      {
          {"cluster", "share_sessions", &cluster.share_sessions,
           "Whether key managers believe each other's sessions of gateways; if not, a balancer "
           "without affinity makes each of them fall back to Basic."},
          {"cluster",
           "accept",
           &cluster.accept,
           "What other nodes may be known by when they ask this one: the secret of their "
           "credential (a session, else Basic), a certificate (mutual TLS), or either "
           "(docs/nodes.md).",
           {},
           {"secret", "certificate"}},
          {"cluster", "secret_file", &cluster.secret_file,
           "File with the credential of this gateway, as `gatehouse cluster join` writes it; nodes "
           "with a database need none, for they have key_file."},
          {"cluster", "ca", &cluster.ca,
           "PEM file with the authorities that other nodes are known by, when they are asked and "
           "when they ask; empty: when they are asked, by those of this machine."},
          {"cluster", "revocations", &cluster.revocations,
           "PEM file with a revocation list of each authority in cluster.ca, read again on SIGHUP; "
           "empty: no certificate is revoked."},
          {"cluster", "node_names", &cluster.node_names,
           "DNS names in the certificates of gateways that may ask this node, each with the "
           "environment that it may read, as \"gw.example@Internal\"; without one: Default. "
           "Several entries add up. \"*.gw.example\" stands for every name with one label more."},
          {"cluster", "control_plane_names", &cluster.control_plane_names,
           "DNS names in those of nodes of the control plane, to which the whole inside of a key "
           "manager is open; without certificates they are known by the cluster key."},
          {"cluster", "certificate", &cluster.certificate,
           "PEM file with the certificate chain that this node shows to the nodes that it asks, "
           "instead of a secret."},
          {"cluster", "key", &cluster.key, "PEM file with its private key."},
          {"cluster", "key_file", &cluster.key_file,
           "The key that seals signing keys and other secrets, the same on all nodes with a "
           "database; made with mode 0600 at the first start. Back it up."},
      });
}

void add_bus(Keys& keys, BusConfig& bus) {
  keys.insert(
      keys.end(),
      {
          {"bus", "url", &bus.url,
           "How nodes tell each other news: \"local\": one process; else the servers of a NATS "
           "cluster, as \"nats://bus1:4222,nats://bus2:4222\", or tls:// (docs/bus.md)."},
          {"bus", "name", &bus.name,
           "The name of this node there, another one for each node; empty: made at each start."},
          {"bus", "user", &bus.user, "Who this node is there; empty: nobody asks."},
          {"bus", "password_file", &bus.password_file,
           "File whose first line is the password of that user."},
          {"bus", "ca", &bus.ca,
           "PEM file of the authorities that the servers' certificates are checked with; empty: "
           "those of this machine, where tls:// asks for it."},
          {"bus", "certificate", &bus.certificate,
           "PEM file with the certificate chain that this node shows to the servers."},
          {"bus", "key", &bus.key, "PEM file with its private key."},
      });
}

void add_gateway(Keys& keys, GatewayConfig& gateway) {
  keys.insert(
      keys.end(),
      {
          {"gateway", "environments", &gateway.environments,
           "Environments that this gateway serves."},
          {"gateway", "control_plane", &gateway.control_plane,
           "Nodes with a portal that this gateway learns from, the next one when one does not "
           "answer; the default is the one in this process, if there is one."},
          {"gateway", "key_manager", &gateway.key_manager,
           "Key managers that this gateway asks, the next one when one does not answer; the "
           "default is the one in this process, if there is one."},
          {"gateway", "http_port", &gateway.http_port, "Port for APIs over HTTP.", {0, 65'535}},
          {"gateway", "https_port", &gateway.https_port, "Port for APIs over HTTPS.", {0, 65'535}},
          {"gateway", "key_cache", &gateway.key_cache,
           "Whether the gateway remembers what the key manager said of a token."},
          {"gateway",
           "key_cache_ttl_s",
           &gateway.key_cache_ttl_s,
           "Seconds until a remembered token is checked again in the background.",
           {0, 86'400}},
          {"gateway",
           "stale_max_s",
           &gateway.stale_max_s,
           "Seconds a remembered token serves while no key manager answers; 0: not at all.",
           {0, 2'592'000}},
          {"gateway",
           "unknown_tokens_max",
           &gateway.unknown_tokens_max,
           "Unknown tokens that one client address may try in a minute, at each event loop, before "
           "it gets 429; 0: no limit.",
           {0, 1'000'000}},
          {"gateway",
           "websocket_idle_s",
           &gateway.websocket_idle_s,
           "Seconds without a byte either way after which a WebSocket is closed.",
           {1, 86'400}},
          {"gateway", "forwarded_certificates", &gateway.forwarded_certificates,
           "Whether a client's certificate is what server.trusted_proxies say in "
           "X-WSO2-CLIENT-CERTIFICATE; they must set or remove it in every request."},
          {"gateway", "forbidden_backends", &gateway.forbidden_backends,
           "Networks (CIDR) that no API may use as a backend, beyond link-local addresses and this "
           "node's own ports."},
      });
}

void add_control_plane(Keys& keys, Configuration& all) {
  keys.insert(keys.end(),
              {
                  {"key_manager", "key_cache", &all.key_manager.key_cache,
                   "Whether the key manager remembers tokens, so that a validation does not reach "
                   "the database."},
                  {"key_manager", "allow_both_caches", &all.key_manager.allow_both_caches,
                   "Allows gateway.key_cache and key_manager.key_cache together, which is not "
                   "recommended."},
                  {"key_manager", "issuer", &all.key_manager.issuer,
                   "Issuer of tokens, the same on every node of the control plane; empty: "
                   "/oauth2/token of the key manager of this node, else of the first one of "
                   "portals.key_manager."},
                  {"key_manager", "dpop_nonce", &all.key_manager.dpop_nonce,
                   "Whether DPoP proofs must carry a nonce of this server (RFC 9449, section 8)."},
                  {"key_manager", "signing_algorithms", &all.key_manager.signing_algorithms,
                   "Algorithms that tokens are signed with, a key each: RS256, PS256, ES256, "
                   "EdDSA. The first one signs access tokens unless a client says otherwise."},
                  {"portals", "key_manager", &all.portals.key_manager,
                   "Key managers that the portals of this node ask, the next one when one does not "
                   "answer; the default is the one in this process. Clients see the first one."},
                  {"portals", "publisher_url", &all.portals.publisher_url,
                   "The publisher's address as browsers see it; empty: made of hostname and port."},
                  {"portals", "devportal_url", &all.portals.devportal_url,
                   "The developer portal's address; empty: made of hostname and port."},
                  {"portals", "admin_url", &all.portals.admin_url,
                   "The admin portal's address; empty: made of hostname and port."},
                  {"sample", "enabled", &all.sample.enabled,
                   "Runs the backend of `gatehouse sample`, a pizza shop, on 127.0.0.1."},
                  {"sample", "port", &all.sample.port, "Its port.", {1, 65'535}},
              });
}

void add_login(Keys& keys, LoginConfig& login) {
  keys.insert(keys.end(),
              {
                  {"login", "themes", &login.themes,
                   "Folder with the looks of the pages for browsers: THEMES/TENANT-DOMAIN with "
                   "style.css, logo.svg or logo.png, and name.txt; each is optional."},
                  {"login",
                   "session_idle_s",
                   &login.session_idle_s,
                   "Seconds without use after which a browser is signed out.",
                   {60, 2'592'000}},
                  {"login",
                   "session_max_s",
                   &login.session_max_s,
                   "Seconds after which a browser is signed out, however much it is used.",
                   {60, 2'592'000}},
                  {"login",
                   "directory_interval_s",
                   &login.directory_interval_s,
                   "Seconds between two rounds in which users of directories are looked after: "
                   "who is gone or disabled there loses tokens and sessions, roles follow.",
                   {1, 86'400}},
                  {"login", "implicit_tenants", &login.implicit_tenants,
                   "Domains of tenants whose clients may use the implicit grant, which is not "
                   "recommended."},
              });
}

void add_mail(Keys& keys, MailConfig& mail) {
  keys.insert(
      keys.end(),
      {
          {"mail", "host", &mail.host,
           "Server that sends our mail, for forgotten passwords; empty: nothing is sent."},
          {"mail", "port", &mail.port, "Its port, usually 587, or 465 with \"tls\".", {1, 65'535}},
          {"mail",
           "security",
           &mail.security,
           "\"starttls\" or \"tls\" from the first byte; \"none\" for this machine alone.",
           {},
           {"starttls", "tls", "none"}},
          {"mail", "username", &mail.username, "Who we are there; empty: nobody asks."},
          {"mail", "password_file", &mail.password_file,
           "File whose first line is the password of that user."},
          {"mail", "from", &mail.from, "Address that our mails come from."},
          {"mail", "ca", &mail.ca,
           "PEM file of the authorities that its certificate is checked with; empty: those of this "
           "machine."},
      });
}

Result<> check_mail(const MailConfig& mail) {
  if (mail.host.empty()) return {};
  const auto refuse = [](const char* why) { return fail(ErrorCode::invalid_argument, why); };
  if (!keymanager::mail::is_address(mail.from)) {
    return refuse("mail.from: an address such as gatehouse@example.com");
  }
  const bool is_name =
      mail.host.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-") == std::string::npos;
  if (!is_name) return refuse("mail.host: a name or an address, without a port");
  const Result<net::Address> address = net::Address::parse(mail.host);
  const bool here = mail.host == "localhost" || (address && address->is_loopback());
  if (mail.security == "none" && !here) {
    return refuse("mail.security: links to passwords do not travel in the clear");
  }
  if (mail.username.empty() != mail.password_file.empty()) {
    return refuse("mail.username and mail.password_file go together");
  }
  return {};
}

Result<> check_algorithms(const std::vector<std::string>& names) {
  const std::set<std::string> different(names.begin(), names.end());
  bool known = !names.empty() && different.size() == names.size();
  for (const std::string& name : names) known = known && jose::parse_algorithm(name);
  if (known) return {};
  return fail(ErrorCode::invalid_argument,
              "key_manager.signing_algorithms: name at least one of RS256, PS256, ES256 and EdDSA, "
              "each once");
}

// The authorities of the machine issue certificates to anybody, so nodes need one of their own.
Result<> check_cluster(const ClusterConfig& cluster) {
  if (cluster.certificate.empty() != cluster.key.empty()) {
    return fail(ErrorCode::invalid_argument,
                "cluster.certificate and cluster.key: give both, or neither");
  }
  if (!cluster.accepts("certificate")) return {};
  if (cluster.ca.empty()) {
    return fail(ErrorCode::invalid_argument,
                "cluster.ca: cluster.accept has \"certificate\": say who issues them");
  }
  if (cluster.node_names.empty()) {
    return fail(ErrorCode::invalid_argument,
                "cluster.node_names: cluster.accept has \"certificate\": say whose are taken");
  }
  for (const std::string& name : cluster.node_names) {
    if (!name.starts_with('@') && !name.ends_with('@')) continue;
    return fail(ErrorCode::invalid_argument,
                fmt::format("cluster.node_names: '{}': write NAME or NAME@ENVIRONMENT", name));
  }
  return {};
}

}  // namespace

const std::vector<std::string>& profiles() {
  static const std::vector<std::string> all{"all-in-one",      "gateway",      "key-manager",
                                            "traffic-manager", "publisher",    "devportal",
                                            "admin",           "control-plane"};
  return all;
}

#ifdef GATEHOUSE_NEXT
std::string& next_notice() {
  static std::string notice;
  return notice;
}
#endif

Keys keys_of(Configuration& configuration) {
  Keys keys;
  add_server(keys, configuration.server);
  add_log(keys, configuration.log);
  add_files(keys, configuration);
  add_cluster(keys, configuration.cluster);
  add_bus(keys, configuration.bus);
  add_gateway(keys, configuration.gateway);
  add_control_plane(keys, configuration);
  add_login(keys, configuration.login);
  add_mail(keys, configuration.mail);
#ifdef GATEHOUSE_NEXT
  keys.push_back({"next", "notice", &next_notice(), "What gateways are told of at the start."});
#endif
  return keys;
}

Result<> check_rules(const Configuration& configuration) {
  GH_CHECK(check_mail(configuration.mail));
  GH_CHECK(check_bus(configuration.bus));
  const Roles roles = Roles::of(configuration.server.profile);
  if (roles.gateway && roles.key_manager && configuration.gateway.key_cache &&
      configuration.key_manager.key_cache && !configuration.key_manager.allow_both_caches) {
    return fail(ErrorCode::invalid_argument,
                "gateway.key_cache and key_manager.key_cache are both on: switch one off, or set "
                "key_manager.allow_both_caches = true");
  }
  if (configuration.tls.certificate.empty() != configuration.tls.key.empty()) {
    return fail(ErrorCode::invalid_argument,
                "tls.certificate and tls.key: give both, or neither for a self-signed certificate");
  }
  GH_CHECK(check_cluster(configuration.cluster));
  return check_algorithms(configuration.key_manager.signing_algorithms);
}

}  // namespace gatehouse::app
