// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"

#include <filesystem>
#include <ostream>

#include "app/client_loop.h"
#include "app/database_options.h"
#include "app/sample_walk.h"
#include "app/secrets.h"
#include "app/surroundings.h"
#include "http/fetch_thread.h"
#include "http/pooled_client.h"
#include "keymanager/browser/password_change.h"
#include "keymanager/first_users.h"
#include "keymanager/signing_keys.h"
#include "storage/databases.h"

namespace gatehouse::app {

namespace {

constexpr std::uint16_t control_plane_port = 9443;
constexpr std::uint16_t gateway_port = 8243;
constexpr std::uint16_t shop_port = 9780;

// On this machine nobody can stand between, and a new server signs its certificate itself.
Result<std::shared_ptr<const net::TlsClient>> trust(const SampleArguments& arguments,
                                                    const std::string& host) {
  net::TlsClient::Options options;
  options.ca_file = arguments.ca_file;
  if (!arguments.ca_file.empty()) {
    options.trust = net::TlsClient::Trust::file;
  } else if (net::is_loopback_host(host)) {
    options.trust = net::TlsClient::Trust::insecure;
  }
  return net::TlsClient::open(options);
}

// What a command beside a running server stands on.
struct Workshop {
  Surroundings surroundings;
  std::unique_ptr<storage::Databases> databases;

  Result<> open(const Configuration& configuration) {
    GH_TRY(opened,
           storage::Databases::open(database_options(configuration), storage::Access::command,
                                    surroundings.clock, surroundings.random));
    databases = std::move(opened);
    return {};
  }
  Result<jose::Sealer> sealer(const Configuration& configuration) {
    GH_TRY(key, load_or_make_key(configuration.path(configuration.cluster.key_file),
                                 surroundings.random));
    return jose::Sealer({key});
  }
};

std::filesystem::path key_copy(const std::string& directory) {
  return std::filesystem::path(directory) / "cluster.key";
}

Result<> copy_secret(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing, error);
  if (!error) {
    std::filesystem::permissions(
        to, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  }
  if (error) {
    return fail(ErrorCode::unavailable, fmt::format("Cannot copy {} to {}: {}", from.string(),
                                                    to.string(), error.message()));
  }
  return {};
}

}  // namespace

Result<> run_sample(const SampleArguments& arguments, std::ostream& out) {
  net::TlsClient::Options anybody;
  anybody.trust = net::TlsClient::Trust::insecure;
  GH_TRY(untrusting, net::TlsClient::open(anybody));
  GH_TRY(asked, http::Origin::parse(arguments.server, untrusting));
  GH_TRY(tls, trust(arguments, asked.host()));
  // The three ports of a node move together.
  const int offset = asked.port() - control_plane_port;
  const auto moved = [&](std::uint16_t port) { return static_cast<std::uint16_t>(port + offset); };
  const http::Origin server(asked.host(), asked.port(), tls);
  const http::Origin gateway(asked.host(), moved(gateway_port), tls);

  ClientLoop client_loop;
  http::PooledClient to_server(client_loop.loop(), client_loop.resolver(), server, {});
  http::PooledClient to_gateway(client_loop.loop(), client_loop.resolver(), gateway, {});
  SampleWalk walk({.server = "https://" + server.authority(),
                   .gateway = "https://" + gateway.authority(),
                   .backend = fmt::format("http://127.0.0.1:{}", moved(shop_port)),
                   .user = arguments.user,
                   .password = arguments.password},
                  to_server, to_gateway, out);
  Result<> walked = walk.run();
  client_loop.stop();
  return walked;
}

Result<> run_backup(const Configuration& configuration, const std::string& directory) {
  Workshop workshop;
  GH_CHECK(workshop.open(configuration));
  GH_CHECK(workshop.databases->backup(directory));
  return copy_secret(configuration.path(configuration.cluster.key_file), key_copy(directory));
}

Result<> run_restore(const Configuration& configuration, const std::string& directory) {
  Workshop workshop;
  GH_CHECK(storage::restore(directory, database_options(configuration), workshop.surroundings.clock,
                            workshop.surroundings.random));
  return copy_secret(key_copy(directory), configuration.path(configuration.cluster.key_file));
}

Result<> run_rotate_keys(const Configuration& configuration, std::ostream& out) {
  Workshop workshop;
  GH_CHECK(workshop.open(configuration));
  GH_TRY(sealer, workshop.sealer(configuration));
  keymanager::SigningKeys keys(workshop.databases->api_manager(), workshop.surroundings.clock,
                               workshop.surroundings.random, sealer,
                               configuration.signing_algorithms());
  GH_TRY(kids, keys.rotate());
  for (const std::string& kid : kids) {
    out << "Key " << kid << " is published now and signs in an hour\n";
  }
  return {};
}

namespace {

// `work` with the world of a key manager on the node's data.
Result<> with_key_manager_world(
    const Configuration& configuration,
    const std::function<Result<>(const keymanager::Resources&, keymanager::Passwords&)>& work) {
  Workshop workshop;
  GH_CHECK(workshop.open(configuration));
  GH_TRY(sealer, workshop.sealer(configuration));
  Surroundings& around = workshop.surroundings;
  http::FetchThread fetches({});  // asks nobody here
  const keymanager::Resources resources{workshop.databases->user_manager(),
                                        workshop.databases->api_manager(),
                                        around.clock,
                                        around.random,
                                        around.bus,
                                        around.logins,
                                        sealer,
                                        around.metrics,
                                        fetches.fetcher()};
  keymanager::Passwords passwords(around.random, keymanager::PasswordCost{}, {});
  return work(resources, passwords);
}

}  // namespace

Result<> run_reset_password(const Configuration& configuration, const std::string& user,
                            std::ostream& out) {
  return with_key_manager_world(
      configuration,
      [&](const keymanager::Resources& resources, keymanager::Passwords& passwords) -> Result<> {
        GH_TRY(password, keymanager::reset_password(resources, passwords, user));
        out << "The password of " << user << " is now " << password << "\n";
        return {};
      });
}

Result<> run_reset_link(const Configuration& configuration, const std::string& user,
                        std::ostream& out) {
  return with_key_manager_world(
      configuration,
      [&](const keymanager::Resources& resources, keymanager::Passwords& passwords) -> Result<> {
        const keymanager::Directory directory(resources.users);
        keymanager::PasswordChange change(resources, directory, passwords);
        GH_TRY(token, change.make_reset(user));
        out << "For an hour and once, " << user << " sets a password at\n"
            << configuration.base_url() << "/oauth2/password-reset?token=" << token << "\n";
        return {};
      });
}

}  // namespace gatehouse::app
