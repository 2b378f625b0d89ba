// SPDX-License-Identifier: Apache-2.0
#include "app/profile_rules.h"

#include <fmt/format.h>

#include "app/roles.h"
#include "core/text.h"
#include "http/authority.h"
#include "net/address.h"

namespace gatehouse::app {

namespace {

// "node.toml:7: gateway.key_manager: …"; of a key that nobody set, the file it is missing from.
std::string about(const Configuration& configuration, const std::string& key,
                  std::string_view what) {
  const auto given = configuration.given.find(key);
  const std::string& where =
      given == configuration.given.end() ? configuration.source_file : given->second;
  return where.empty() ? fmt::format("{}: {}", key, what)
                       : fmt::format("{}: {}: {}", where, key, what);
}

tl::unexpected<Error> refuse(const Configuration& configuration, const std::string& key,
                             std::string_view what) {
  return fail(ErrorCode::invalid_argument, about(configuration, key, what));
}

// A key that only nodes with another role have.
struct Surplus {
  const char* key;
  bool set;
  bool belongs;
  const char* what;
};

Result<> check_surplus(const Configuration& configuration, const Roles& roles) {
  const DatabaseConfig& database = configuration.database;
  const DatabaseConfig usual;
  constexpr const char* no_database =
      "gateways and traffic managers keep no database; remove it, or add a role that does";
  constexpr const char* no_gateway = "no gateway runs here; remove it";
  for (const Surplus& each :
       {Surplus{"database.user_manager", database.user_manager != usual.user_manager,
                roles.keeps_data(), no_database},
        Surplus{"database.api_manager", database.api_manager != usual.api_manager,
                roles.keeps_data(), no_database},
        Surplus{"database.registry", database.registry != usual.registry, roles.keeps_data(),
                no_database},
        Surplus{"database.password_file", !database.password_file.empty(), roles.keeps_data(),
                no_database},
        Surplus{"database.owner", !database.owner.empty(), roles.keeps_data(), no_database},
        Surplus{"gateway.control_plane",
                configuration.gateway.control_plane != GatewayConfig().control_plane, roles.gateway,
                no_gateway},
        Surplus{"gateway.key_manager",
                configuration.gateway.key_manager != GatewayConfig().key_manager, roles.gateway,
                no_gateway},
        Surplus{"cluster.secret_file", !configuration.cluster.secret_file.empty(),
                roles.gateway && !roles.keeps_data(),
                "only gateways without a database have a credential; whoever has cluster.key_file "
                "needs none; remove it"},
        Surplus{"portals.key_manager",
                configuration.portals.key_manager != PortalsConfig().key_manager, roles.portals(),
                "no portal runs here; remove it"}}) {
    if (each.set && !each.belongs) return refuse(configuration, each.key, each.what);
  }
  return {};
}

// A gateway without data asks other nodes whatever it does.
Result<> check_gateway(const Configuration& configuration, const Roles& roles) {
  const ClusterConfig& cluster = configuration.cluster;
  const bool known =
      roles.keeps_data() || !cluster.certificate.empty() || !cluster.secret_file.empty();
  if (!roles.gateway || known) return {};
  return refuse(configuration, "cluster.secret_file",
                "other nodes (gateway.key_manager, gateway.control_plane) want to know this one by "
                "a credential, as `gatehouse cluster join` writes it, or by cluster.certificate");
}

bool is_this_machine(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view rest = url.substr(scheme + 3);
  const auto authority = http::parse_authority(rest.substr(0, rest.find_first_of("/?#")));
  if (!authority) return false;
  std::string_view host = authority->host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return net::is_loopback_host(host);
}

using Warnings = std::vector<std::string>;

void warn_of_localhost(const Configuration& configuration, const Deployment& deployment,
                       Warnings& warnings) {
  struct Asked {
    const char* key;
    const std::vector<std::string>& urls;
    Place place;
  };
  for (const Asked& asked :
       {Asked{"gateway.key_manager", configuration.gateway.key_manager,
              deployment.key_managers_of_gateway},
        Asked{"gateway.control_plane", configuration.gateway.control_plane, deployment.feed}}) {
    if (asked.place == Place::here) continue;
    for (const std::string& url : asked.urls) {
      if (!is_this_machine(url)) continue;
      warnings.push_back(about(configuration, asked.key,
                               fmt::format("'{}' is this machine, and this node runs no such role: "
                                           "name the other machine",
                                           url)));
    }
  }
}

void warn_of_local_bus(const Configuration& configuration, const Deployment& deployment,
                       Warnings& warnings) {
  if (configuration.bus.url != "local") return;
  const Roles& roles = deployment.roles;
  const auto warn = [&](std::string_view what) {
    warnings.push_back(about(configuration, "bus.url", what));
  };
  const bool told_by_others =
      deployment.feed == Place::elsewhere || deployment.key_managers_of_gateway == Place::elsewhere;
  if (roles.gateway && told_by_others) {
    warn(
        "news of other nodes does not travel on a local bus: this gateway asks for changes and "
        "revocations twice a second");
  }
  if (roles.gateway && !roles.traffic_manager) {
    warn(
        "no traffic manager is reached on a local bus: calls with a limit follow whenOwnerSilent "
        "of their policy, which usually refuses them");
  }
  if (roles.traffic_manager && !roles.gateway) {
    warn("no gateway reaches this traffic manager on a local bus");
  }
}

void warn_of_parting(const Configuration& configuration, const Roles& roles, Warnings& warnings) {
  const bool parted = !roles.portals_complete() || !roles.key_manager;
  if (!roles.keeps_data() || !parted) return;
  if (configuration.key_manager.issuer.empty()) {
    warnings.push_back(
        about(configuration, "key_manager.issuer",
              fmt::format("it is not set, so {} is the issuer here; nodes that do not agree refuse "
                          "each other's tokens",
                          configuration.issuer())));
  }
  for (const auto& [key, url] :
       {std::pair{"database.user_manager", &configuration.database.user_manager},
        std::pair{"database.api_manager", &configuration.database.api_manager}}) {
    if (!url->starts_with("sqlite:")) continue;
    warnings.push_back(
        about(configuration, key, "no other node can share an SQLite file; name a PostgreSQL"));
  }
  const ClusterConfig& cluster = configuration.cluster;
  if (!roles.gateway && cluster.accept.empty()) {
    warnings.push_back(about(configuration, "cluster.accept",
                             "it is empty, so no gateway can prove itself here, and none may ask"));
  }
  const bool portals_are_strangers = roles.key_manager && !roles.portals_complete() &&
                                     !cluster.accepts("secret") &&
                                     cluster.control_plane_names.empty();
  if (portals_are_strangers) {
    warnings.push_back(about(configuration, "cluster.control_plane_names",
                             "it is empty, so no portal of another node may ask"));
  }
  if (roles.publisher && !roles.devportal && configuration.portals.devportal_url.empty()) {
    warnings.push_back(about(configuration, "portals.devportal_url",
                             "the developer portal runs elsewhere; say where"));
  }
}

}  // namespace

Result<> check_profile(const Configuration& configuration) {
  const Deployment deployment = Deployment::of(configuration);
  if (configuration.server.profile.empty()) {
    return refuse(configuration, "server.profile", "name at least one");
  }
  GH_CHECK(check_surplus(configuration, deployment.roles));
  GH_CHECK(check_gateway(configuration, deployment.roles));
  const bool asks_nobody = deployment.roles.portals() && !deployment.roles.key_manager &&
                           !configuration.given.contains("portals.key_manager");
  if (asks_nobody) {
    return refuse(configuration, "portals.key_manager",
                  "the portals of this node ask a key manager of another one; say which");
  }
  return {};
}

std::vector<std::string> warnings_of(const Configuration& configuration) {
  Warnings warnings;
  const Deployment deployment = Deployment::of(configuration);
  if (deployment.roles.gateway) warn_of_localhost(configuration, deployment, warnings);
  warn_of_local_bus(configuration, deployment, warnings);
  warn_of_parting(configuration, deployment.roles, warnings);
  return warnings;
}

}  // namespace gatehouse::app
