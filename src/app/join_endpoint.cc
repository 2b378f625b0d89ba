// SPDX-License-Identifier: Apache-2.0
#include "app/join_endpoint.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "app/join_token.h"
#include "app/node_credentials.h"
#include "app/roles.h"
#include "core/digest.h"
#include "core/json.h"
#include "core/log.h"
#include "core/text.h"
#include "keymanager/internal_answer.h"
#include "rest/problem.h"

namespace gatehouse::app {

namespace {

using keymanager::internal_answer;
using keymanager::internal_refusal;

constexpr std::string_view base = "/internal/cluster/v1";
constexpr std::size_t authorities_bytes_max = 1 << 20;

http::Response without_body(int status) { return http::make_response(status, "text/plain", ""); }

http::Response slow_down(std::chrono::seconds wait) {
  http::Response response = rest::problem_response(
      Error{ErrorCode::exhausted, "Too many tokens of this address were refused", ""});
  response.headers.set("Retry-After", std::to_string(wait.count()));
  return response;
}

// The hash of the secret in a body; nothing, when it has none.
std::optional<std::string> token_hash_in(const std::string& body) {
  const Result<json::object> object = parse_json_object(body);
  if (!object) return std::nullopt;
  const Result<std::string> secret = from_base64url(text_or(*object, "token", ""));
  if (!secret || secret->size() != JoinToken::secret_size) return std::nullopt;
  return sha256_hex(*secret);
}

}  // namespace

Result<std::string> read_authorities(const Configuration& configuration) {
  std::string file = "tls.crt";
  if (!configuration.cluster.ca.empty()) {
    file = configuration.cluster.ca;
  } else if (!configuration.tls.certificate.empty()) {
    return fail(ErrorCode::invalid_argument,
                "cluster.ca: say by which authorities new nodes check tls.certificate of this one");
  }
  std::ifstream input(configuration.path(file), std::ios::binary);
  std::string pem((std::istreambuf_iterator<char>(input)), {});
  if (!pem.empty() && pem.size() <= authorities_bytes_max) return pem;
  return fail(ErrorCode::unavailable, configuration.path(file) + " cannot be read");
}

JoinEndpoint::JoinEndpoint(const Configuration& configuration, std::string cluster_key,
                           storage::Database& api_manager, Surroundings& surroundings)
    : configuration_(configuration),
      cluster_key_(std::move(cluster_key)),
      api_manager_(api_manager),
      clock_(surroundings.clock),
      attempts_(surroundings.clock, surroundings.random) {}

http::Response JoinEndpoint::handle(const http::Request& request) {
  const std::string_view path = request.path;
  if (!path.starts_with(base)) return without_body(404);
  const std::string_view resource = path.substr(base.size());
  if (resource == "/authorities") {
    return request.method == "GET" ? authorities() : without_body(405);
  }
  if (resource == "/join") return request.method == "POST" ? join(request) : without_body(405);
  return without_body(404);
}

http::Response JoinEndpoint::authorities() const {
  Result<std::string> pem = read_authorities(configuration_);
  if (!pem) return internal_refusal(pem.error());
  return http::make_response(200, "application/x-pem-file", *std::move(pem));
}

http::Response JoinEndpoint::join(const http::Request& request) {
  const std::string& address = request.peer.address;
  const std::optional<std::string> hash = token_hash_in(request.body);
  const Instant now = clock_.now();
  bool known = false;
  if (hash) {
    const auto has = api_manager_.read([&](storage::Transaction& transaction) {
      return storage::NodeStore(transaction).has_token(*hash, now);
    });
    if (!has) return internal_refusal(has.error());
    known = *has;
  }
  std::uint64_t serial = 0;
  std::optional<storage::JoiningNode> node;
  if (known) {
    const Result<> used = api_manager_.write([&](storage::Transaction& transaction) -> Result<> {
      storage::NodeStore store(transaction);
      GH_TRY(found, store.use_token(*hash, now));
      node = std::move(found);
      if (!node) return {};
      GH_TRY(least, store.serial_min(node->name));
      serial = least;
      return {};
    });
    if (!used) return internal_refusal(used.error());
  }
  if (node && !equals_in_constant_time(node->seal, seal_of(cluster_key_, *hash, *node))) {
    log_warning("a token to join the cluster was not made with the cluster key");
    node.reset();
  }
  if (!node) {
    // Others of this address may have good ones, so only who guesses waits.
    const std::chrono::seconds wait = attempts_.wait_of(address);
    if (wait.count() > 0) return slow_down(wait);
    attempts_.failed(address, limits);
    log_warning("a token to join the cluster is refused to {}", address);
    return internal_refusal(
        Error{ErrorCode::unauthenticated, "The token is not known, has expired or was used", ""});
  }
  Result<http::Response> welcomed = welcome(*node, serial);
  if (!welcomed) return internal_refusal(welcomed.error());
  log_info("{} joins the cluster as {} from {}", node->name, gatehouse::join(node->profiles, ","),
           address);
  return *std::move(welcomed);
}

Result<http::Response> JoinEndpoint::welcome(const storage::JoiningNode& node,
                                             std::uint64_t serial) const {
  const Roles roles = Roles::of(node.profiles);
  json::object body{{"node", node.name},
                    {"profiles", to_json(node.profiles)},
                    {"environments", to_json(node.environments)}};
  if (roles.keeps_data()) {
    body["cluster_key"] = to_base64(cluster_key_);
  } else if (roles.gateway) {
    const auto credentials = node_credentials(NodeKind::gateway, cluster_key_, clock_);
    GH_TRY(credential, credentials.make({.node = {node.name, node.environments},
                                         .serial = serial,
                                         .expires = clock_.now() + credential_lifetime}));
    body["credential"] = std::move(credential);
  }
  return internal_answer(200, body);
}

}  // namespace gatehouse::app
