// SPDX-License-Identifier: Apache-2.0
#include "app/cluster_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "app/client_loop.h"
#include "app/configuration_keys.h"
#include "app/database_options.h"
#include "app/join_endpoint.h"
#include "app/join_token.h"
#include "app/nats_permissions.h"
#include "app/node_credentials.h"
#include "app/roles.h"
#include "app/secrets.h"
#include "core/digest.h"
#include "core/json.h"
#include "core/text.h"
#include "http/pooled_client.h"
#include "storage/apis/node_store.h"
#include "storage/databases.h"

namespace gatehouse::app {

namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr seconds join_timeout{10};
constexpr std::int64_t minutes_max = 7 * 24 * 60;
constexpr std::int64_t days_max = 3650;

tl::unexpected<Error> misuse(std::string what) {
  return fail(ErrorCode::invalid_argument, std::move(what));
}

Result<> make_folder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return {};
  return fail(ErrorCode::unavailable, fmt::format("{}: {}", folder, error.message()));
}

Result<> check_free(const fs::path& file, Existing existing) {
  if (existing == Existing::replaced || !fs::exists(file)) return {};
  return fail(ErrorCode::conflict,
              fmt::format("{} is there already; --force replaces it", file.string()));
}

Result<> write_new(const fs::path& file, const std::string& content, Existing existing) {
  GH_CHECK(check_free(file, existing));
  return write_secret(file.string(), content);
}

Result<> check_node(const NodeWish& node) {
  for (const std::string& profile : node.profiles) {
    if (std::ranges::find(profiles(), profile) != profiles().end()) continue;
    return misuse(fmt::format("--profile: '{}' is none of {}", profile, join(profiles(), ", ")));
  }
  return {};
}

Result<std::string> credential_of(const NodeWish& node, const std::string& cluster_key,
                                  const Clock& clock, const CredentialWish& wish) {
  const Result<std::string> made =
      node_credentials(NodeKind::gateway, cluster_key, clock)
          .make({.node = {node.name, node.environments},
                 .serial = wish.serial,
                 .expires = clock.now() + std::chrono::days(wish.days)});
  if (!made) return misuse("NODE, --environment: " + made.error().message);
  return *made;
}

// What a command beside a running server changes.
Result<std::unique_ptr<storage::Databases>> databases_of(const Configuration& configuration,
                                                         const Clock& clock, Random& random) {
  if (!Roles::of(configuration.server.profile).keeps_data()) {
    return misuse("server.profile: run this on a node with a portal or a key manager");
  }
  return storage::Databases::open(database_options(configuration), storage::Access::command, clock,
                                  random);
}

// One question to the cluster, over TLS as `trust` says.
Result<http::Response> ask(const std::string& url, const http::Request& request,
                           const net::TlsClient::Options& trust) {
  GH_TRY(tls, net::TlsClient::open(trust));
  GH_TRY(origin, http::Origin::parse(url, tls));
  ClientLoop loop;
  http::PooledClient client(loop.loop(), loop.resolver(), origin, {});
  Result<http::Response> answer = client.ask(request, join_timeout);
  loop.stop();
  if (!answer) answer.error().message = fmt::format("{}: {}", url, answer.error().message);
  return answer;
}

// Whoever answers is believed only after his authorities are those of the token.
Result<std::string> fetch_authorities(const JoinWish& wish, const JoinToken& token) {
  net::TlsClient::Options anybody;
  anybody.trust = net::TlsClient::Trust::insecure;
  GH_TRY(answer,
         ask(wish.url, http::make_request("GET", "/internal/cluster/v1/authorities"), anybody));
  const bool right = answer.status == 200 &&
                     equals_in_constant_time(to_bytes(sha256(answer.body)), token.authorities);
  if (right) return std::move(answer.body);
  return fail(ErrorCode::unauthenticated,
              fmt::format("{} is not of the cluster that has made this token", wish.url),
              answer.status == 200 ? "its authorities are others"
                                   : fmt::format("it answers {}", answer.status));
}

Result<json::object> show_token(const JoinWish& wish, const JoinToken& token,
                                const std::string& authorities) {
  net::TlsClient::Options trust;
  trust.trust = net::TlsClient::Trust::file;
  trust.ca_file = authorities;
  const json::object body{{"token", to_base64url(token.secret)}};
  GH_TRY(answer, ask(wish.url,
                     http::make_request("POST", "/internal/cluster/v1/join", json::serialize(body),
                                        "application/json"),
                     trust));
  const Result<json::object> said = parse_json_object(answer.body);
  if (answer.status == 200 && said) return *said;
  return fail(ErrorCode::unauthenticated,
              said ? text_or(*said, "description", text_or(*said, "message", "")) : answer.body,
              fmt::format("{} answers {}", wish.url, answer.status));
}

std::string content_of(const fs::path& file) {
  std::ifstream input(file, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(input)), {});
}

// What a node that has joined is, and the files that it was given.
Result<> write_joined(const fs::path& folder, const json::object& joined, Existing existing,
                      std::ostream& out) {
  out << text_or(joined, "node", "") << " has joined the cluster.\n";
  if (const std::string key = text_or(joined, "cluster_key", ""); !key.empty()) {
    GH_TRY(bytes, from_base64(key));
    GH_CHECK(write_new(folder / cluster_key_file, bytes, existing));
    out << "cluster.key_file = \"" << (folder / cluster_key_file).string() << "\"\n";
  }
  if (const std::string text = text_or(joined, "credential", ""); !text.empty()) {
    GH_CHECK(write_new(folder / credential_file, text + "\n", existing));
    out << "cluster.secret_file = \"" << (folder / credential_file).string() << "\"\n";
  }
  out << "cluster.ca = \"" << (folder / authorities_file).string() << "\"\n";
  return {};
}

}  // namespace

Result<> run_cluster_init(const std::string& directory, Existing existing, std::ostream& out) {
  SystemRandom random;
  GH_CHECK(make_folder(directory));
  const fs::path file = fs::path(directory) / cluster_key_file;
  GH_CHECK(write_new(file, random.bytes(key_size), existing));
  out << file.string()
      << " is the key of the cluster: for nodes with portals or key managers, never for gateways.\n"
         "Keep a copy where the backups of the databases are.\n";
  return {};
}

Result<> run_make_credential(const Configuration& configuration, const CredentialWish& wish,
                             Existing existing, std::ostream& out) {
  if (wish.days < 1 || wish.days > days_max) {
    return misuse(fmt::format("--days: from 1 to {}", days_max));
  }
  const SystemClock clock;
  GH_TRY(key, load_key(configuration.path(configuration.cluster.key_file)));
  GH_TRY(credential, credential_of(wish.node, key, clock, wish));
  GH_CHECK(write_new(wish.file, credential + "\n", existing));
  out << wish.file << ": the credential of " << wish.node.name << " for "
      << join(wish.node.environments, ", ") << ", " << wish.days << " days\n";
  return {};
}

Result<> run_join_token(const Configuration& configuration, const NodeWish& node,
                        std::int64_t minutes, std::ostream& out) {
  if (minutes < 1 || minutes > minutes_max) {
    return misuse(fmt::format("--minutes: from 1 to {}", minutes_max));
  }
  if (!configuration.cluster.accepts("secret")) {
    return misuse("cluster.accept: without \"secret\" no credential of a new node would count");
  }
  GH_CHECK(check_node(node));
  SystemClock clock;
  SystemRandom random;
  // What no credential could carry is said here and not on the other machine.
  GH_TRY(key, load_key(configuration.path(configuration.cluster.key_file)));
  GH_CHECK(credential_of(node, key, clock, {}));
  GH_TRY(authorities, read_authorities(configuration));
  const JoinToken token = JoinToken::make(authorities, random);
  GH_TRY(databases, databases_of(configuration, clock, random));
  const Instant expires = clock.now() + std::chrono::minutes(minutes);
  const std::string hash = sha256_hex(token.secret);
  GH_CHECK(databases->api_manager().write([&](storage::Transaction& transaction) {
    return storage::NodeStore(transaction)
        .add_token(hash, {node.name, node.profiles, node.environments}, expires);
  }));
  out << fmt::format("For {} minutes and once, on the machine of {}:\n\n", minutes, node.name)
      << fmt::format("  gatehouse cluster join {} {}\n", configuration.base_url(), token.text());
  return {};
}

Result<> run_join(const JoinWish& wish, Existing existing, std::ostream& out) {
  std::string text = wish.token;
  if (text == "-") std::getline(std::cin, text);
  GH_TRY(token, JoinToken::parse(trim(text)));
  GH_CHECK(make_folder(wish.directory));
  const fs::path folder = fs::absolute(wish.directory).lexically_normal();
  // Before the token is used up: the files that stand in the way.
  GH_CHECK(check_free(folder / cluster_key_file, existing));
  GH_CHECK(check_free(folder / credential_file, existing));
  GH_TRY(authorities, fetch_authorities(wish, token));
  const fs::path ca = folder / authorities_file;
  if (content_of(ca) != authorities) GH_CHECK(write_new(ca, authorities, existing));
  GH_TRY(joined, show_token(wish, token, ca.string()));
  return write_joined(folder, joined, existing, out);
}

Result<> run_revoke_node(const Configuration& configuration, const std::string& name,
                         std::ostream& out) {
  const SystemClock clock;
  SystemRandom random;
  GH_TRY(databases, databases_of(configuration, clock, random));
  std::uint64_t serial = 0;
  const auto revoke = [&](storage::Transaction& transaction) -> Result<> {
    storage::NodeStore store(transaction);
    GH_CHECK(store.revoke(name));
    GH_TRY(least, store.serial_min(name));
    serial = least;
    return {};
  };
  GH_CHECK(databases->api_manager().write(revoke));
  out << fmt::format(
      "No credential that {} has counts any more; those with serial {} and above will\n", name,
      serial);
  return {};
}

Result<> run_nats_permissions(const std::vector<std::string>& nodes, const std::string& passwords,
                              std::ostream& out) {
  SystemRandom random;
  std::vector<ClusterNode> all;
  for (const std::string& text : nodes) {
    GH_TRY(node, ClusterNode::parse(text));
    if (!passwords.empty()) {
      GH_TRY(password, password_of_node(passwords, node.name, random));
      node.password = std::move(password);
    }
    all.push_back(std::move(node));
  }
  out << nats_permissions(all);
  return {};
}

}  // namespace gatehouse::app
