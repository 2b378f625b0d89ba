// SPDX-License-Identifier: Apache-2.0
#include "app/nats_permissions.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

#include "app/bus_options.h"
#include "app/configuration_keys.h"
#include "core/text.h"
#include "model/hint.h"

namespace gatehouse::app {

namespace {

using Subjects = std::set<std::string>;

struct Rights {
  Subjects publish;
  Subjects subscribe;
};

void add(Subjects& all, std::initializer_list<std::string_view> more) {
  for (const std::string_view subject : more) all.emplace(subject);
}

void add_gateway(Rights& rights, const ClusterNode& node) {
  add(rights.publish, {"gatehouse.limits.ask"});
  add(rights.subscribe, {"gatehouse.changes", "gatehouse.revocations"});
  rights.subscribe.insert("gatehouse." + model::changes_subject(node.environments));
  rights.subscribe.insert(fmt::format("gatehouse.limits.to.{}.>", node.name));
}

// It owns the limits, if it is elected: the journal and the office are in JetStream.
void add_traffic_manager(Rights& rights, const std::string& name) {
  add(rights.subscribe, {"gatehouse.limits.ask"});
  rights.subscribe.insert(fmt::format("_INBOX.{}.>", name));
  add(rights.publish,
      {"gatehouse.limits.to.>", "gatehouse.keep.limits", "$KV.GATEHOUSE_OFFICES.limits",
       "$JS.FC.GATEHOUSE_LIMITS.>", "$JS.API.CONSUMER.CREATE.GATEHOUSE_LIMITS",
       "$JS.API.CONSUMER.CREATE.GATEHOUSE_LIMITS.>", "$JS.API.CONSUMER.DELETE.GATEHOUSE_LIMITS.>"});
  for (const char* stream : {"GATEHOUSE_LIMITS", "KV_GATEHOUSE_OFFICES"}) {
    for (const char* act : {"CREATE", "INFO", "PURGE"}) {
      rights.publish.insert(fmt::format("$JS.API.STREAM.{}.{}", act, stream));
    }
  }
}

void add_control_plane(Rights& rights) {
  add(rights.publish, {"gatehouse.changes", "gatehouse.changes.*", "gatehouse.revocations"});
  add(rights.subscribe, {"gatehouse.changes", "gatehouse.revocations"});
}

Rights rights_of(const ClusterNode& node) {
  Rights rights;
  for (const std::string& profile : node.profiles) {
    const bool all = profile == "all-in-one";
    if (all || profile == "gateway") add_gateway(rights, node);
    if (all || profile == "traffic-manager") add_traffic_manager(rights, node.name);
    if (profile != "gateway" && profile != "traffic-manager") add_control_plane(rights);
  }
  return rights;
}

std::string list_of(const Subjects& subjects) {
  std::string text;
  for (const std::string& subject : subjects) {
    text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", subject);
  }
  return text;
}

}  // namespace

Result<ClusterNode> ClusterNode::parse(std::string_view text) {
  const std::size_t equals = text.find('=');
  ClusterNode node;
  node.name = text.substr(0, equals);
  const bool has_profiles = equals != std::string_view::npos;
  if (has_profiles) {
    const std::string_view rest = text.substr(equals + 1);
    const std::size_t at = std::min(rest.find('@'), rest.size());
    for (const std::string_view profile : split(rest.substr(0, at), '+')) {
      node.profiles.emplace_back(profile);
    }
    if (at < rest.size()) {
      node.environments.clear();
      for (const std::string_view name : split(rest.substr(at + 1), ',')) {
        node.environments.emplace_back(name);
      }
    }
  }
  const auto known = [](const std::string& profile) {
    return std::ranges::find(app::profiles(), profile) != app::profiles().end();
  };
  BusConfig bus;
  bus.name = node.name;
  if (!has_profiles || node.name.empty() || !check_bus(bus) ||
      !std::ranges::all_of(node.profiles, known)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}': write NAME=PROFILE or NAME=PROFILE+PROFILE, with a name of "
                            "letters, digits, - and _, and profiles of {}; a gateway of other "
                            "environments than Default: NAME=gateway@ENVIRONMENT,ENVIRONMENT",
                            text, join(app::profiles(), ", ")));
  }
  return node;
}

std::string nats_permissions(const std::vector<ClusterNode>& nodes) {
  std::string text = "authorization {\n  users: [\n";
  for (const ClusterNode& node : nodes) {
    const Rights rights = rights_of(node);
    text += fmt::format("    {{\n      user: \"{}\"\n", node.name);
    if (!node.password.empty()) text += fmt::format("      password: \"{}\"\n", node.password);
    text += fmt::format(
        "      permissions: {{\n        publish: [{}]\n        subscribe: [{}]\n      }}\n    }}\n",
        list_of(rights.publish), list_of(rights.subscribe));
  }
  return text + "  ]\n}\n";
}

Result<std::string> password_of_node(const std::string& folder, std::string_view name,
                                     Random& random) {
  const std::string file = fmt::format("{}/{}.password", folder, name);
  std::string password;
  if (std::ifstream(file) >> password) return password;
  password = to_base64url(random.bytes(24));
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const std::string line = password + "\n";
  const bool written = descriptor >= 0 && ::write(descriptor, line.data(), line.size()) ==
                                              static_cast<ssize_t>(line.size());
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (written) return password;
  return fail(ErrorCode::unavailable, fmt::format("{}: {}", file, std::strerror(error)));
}

}  // namespace gatehouse::app
