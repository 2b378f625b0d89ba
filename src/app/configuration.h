// SPDX-License-Identifier: Apache-2.0
//
// The configuration: typed, with defaults that are safe in production. It is read from a TOML file,
// then from the environment (GATEHOUSE__SECTION__KEY), then from --set section.key=value.
//
// Thread:  built by main, constant afterwards.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "jose/algorithm.h"

namespace gatehouse::app {

struct ServerConfig {
  std::vector<std::string> profile{"all-in-one"};
  std::string hostname = "localhost";
  std::int64_t port_offset = 0;
  std::string data_dir = "data";
  std::int64_t workers = 0;
  std::string status_address = "127.0.0.1";
  std::vector<std::string> trusted_proxies;
  std::int64_t drain_accept_s = 0;
  bool allow_private_fetches = false;
};

struct LogConfig {
  std::string level = "info";
  std::string access = "access.log";
  std::int64_t rotate_mb = 256;
  std::int64_t keep = 8;
};

struct TlsConfig {
  std::string certificate;
  std::string key;
  bool client_certificates = false;
  std::string client_authorities;
};

struct AdminConfig {
  std::string username = "admin";
};

struct DatabaseConfig {
  std::string user_manager = "sqlite:user_manager.db";
  std::string api_manager = "sqlite:api_manager.db";
  std::string registry = "sqlite:registry.db";
  std::string password_file;
  std::int64_t connections_max = 16;
  std::string owner;
  std::string owner_password_file;
};

struct BusConfig {
  std::string url = "local";
  std::string name;
  std::string user;
  std::string password_file;
  std::string ca;
  std::string certificate;
  std::string key;
};

struct ClusterConfig {
  std::string key_file = "cluster.key";
  bool share_sessions = true;
  std::vector<std::string> accept{"secret"};
  std::string secret_file;
  std::string ca;
  std::string revocations;
  std::vector<std::string> node_names;
  std::vector<std::string> control_plane_names;
  std::string certificate;
  std::string key;

  bool accepts(std::string_view proof) const;
};

struct GatewayConfig {
  std::vector<std::string> environments{"Default"};
  std::vector<std::string> control_plane{"https://127.0.0.1:9443"};
  std::vector<std::string> key_manager{"https://127.0.0.1:9443"};
  std::int64_t http_port = 8280;
  std::int64_t https_port = 8243;
  bool key_cache = true;
  std::int64_t key_cache_ttl_s = 900;
  std::int64_t stale_max_s = 86'400;
  std::int64_t unknown_tokens_max = 100;
  std::int64_t websocket_idle_s = 300;
  bool forwarded_certificates = false;
  std::vector<std::string> forbidden_backends;
};

struct KeyManagerConfig {
  bool key_cache = false;
  bool allow_both_caches = false;
  std::string issuer;
  bool dpop_nonce = false;
  std::vector<std::string> signing_algorithms{"RS256", "ES256", "EdDSA"};
};

struct LoginConfig {
  std::string themes = "themes";
  std::int64_t session_idle_s = 1800;
  std::int64_t session_max_s = 43'200;
  std::int64_t directory_interval_s = 300;
  std::vector<std::string> implicit_tenants;
};

struct MailConfig {
  std::string host;
  std::int64_t port = 587;
  std::string security = "starttls";
  std::string username;
  std::string password_file;
  std::string from;
  std::string ca;
};

struct SampleConfig {
  bool enabled = false;
  std::int64_t port = 9780;
};

struct PortalsConfig {
  std::vector<std::string> key_manager{"https://127.0.0.1:9443"};
  std::string publisher_url;
  std::string devportal_url;
  std::string admin_url;
};

struct Configuration {
  ServerConfig server;
  LogConfig log;
  TlsConfig tls;
  AdminConfig admin;
  DatabaseConfig database;
  BusConfig bus;
  ClusterConfig cluster;
  GatewayConfig gateway;
  KeyManagerConfig key_manager;
  LoginConfig login;
  MailConfig mail;
  PortalsConfig portals;
  SampleConfig sample;

  std::string source_file;                   // that was read; empty: none
  std::map<std::string, std::string> given;  // where each key was set that was set: "FILE:LINE"

  // Port of the control plane, of the status pages and of the gateway, moved by port_offset.
  std::uint16_t port(std::int64_t base) const {
    return static_cast<std::uint16_t>(base + server.port_offset);
  }
  // A file named in the configuration: as it stands if absolute, else inside data_dir.
  std::string path(std::string_view file) const;
  // Where browsers and clients find the control plane: "https://HOSTNAME:PORT".
  std::string base_url() const;
  // Where clients find the key manager: here if it runs here, else the first of
  // portals.key_manager.
  std::string key_manager_url() const;
  // The issuer of our tokens: as configured, else made of key_manager_url().
  std::string issuer() const;
  // key_manager.signing_algorithms, which check_rules has read.
  std::vector<jose::Algorithm> signing_algorithms() const;
};

// Where settings come from, weakest first.
struct ConfigurationSources {
  std::string file;                   // empty: none
  std::vector<std::string> settings;  // "section.key=value"
};

// Error: invalid_argument; the message names file and line, or the variable or setting, the key,
// and what is allowed.
Result<Configuration> read_configuration(const ConfigurationSources& sources);

// Every key with its value as a TOML file that reads back the same.
std::string to_toml(const Configuration& configuration);

// docs/configuration.md: every key with its default and meaning.
std::string configuration_reference();

}  // namespace gatehouse::app
