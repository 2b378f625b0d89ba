// SPDX-License-Identifier: Apache-2.0
//
// A node: the roles of its profile (app/roles.h), built in the order of their dependencies and
// ended in reverse. What its roles do not need is not opened.
//
// Thread:  the main thread, which runs the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/configuration.h"
#include "app/control_plane.h"
#include "app/pizza_shop.h"
#include "app/remote_nodes.h"
#include "app/roles.h"
#include "app/status_page.h"
#include "app/surroundings.h"
#include "gateway/gateway.h"
#include "http/server.h"
#include "net/timer.h"
#include "traffic/owner.h"

namespace gatehouse::app {

class Node {
 public:
  Node(Configuration configuration, Surroundings& surroundings);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Opens databases and ports; on an error, what is open is closed by the destructor.
  Result<> start();

  // SIGHUP: certificates and log level anew, logs reopened.
  void reload(const Configuration& configuration);
  // SIGTERM: `over` is called on the loop once nobody is connected any more.
  void drain(std::function<void()> over);
  // Ends what still runs; the loop does not run any more.
  void stop();

 private:
  Result<> open_folder();
  Result<> open_data();
  Result<> open_traffic_manager();
  // Whom the gateway asks, here or elsewhere.
  Result<> open_neighbours();
  Result<gateway::Options> gateway_options();
  Result<> open_gateway();
  Result<> open_servers();
  Result<> reload_certificates(const Configuration& configuration);
  Result<> reload_neighbours(const Configuration& configuration);
  // Of a port where clients are asked for a certificate, or not.
  Result<std::shared_ptr<const net::TlsServer>> certificate(const Configuration& configuration,
                                                            net::ClientCertificates asked);
  net::CertificateFiles certificate_files(const Configuration& configuration) const;
  Result<std::unique_ptr<http::Server>> serve(http::Handler& handler, net::Endpoint endpoint,
                                              std::shared_ptr<const net::TlsServer> tls);
  net::Task<> care();
  net::Task<> watch_drain(std::function<void()> over);
  Readiness readiness() const;
  bool wait_for(std::uint64_t number, std::chrono::milliseconds timeout);

  const Configuration configuration_;
  const Deployment deployment_;
  Surroundings& surroundings_;
  std::vector<net::Network> trusted_proxies_;

  // What a role does not need, or has in this process, is null.
  std::unique_ptr<storage::Databases> databases_;
  std::string cluster_key_;  // empty: a node without data has none
  std::unique_ptr<traffic::Owner> owner_;
  std::unique_ptr<RemoteNodes> key_managers_of_portals_;
  std::unique_ptr<RemoteAsker> portals_ask_;
  std::unique_ptr<ControlPlane> control_plane_;
  std::unique_ptr<RemoteNodes> key_managers_of_gateway_;
  std::unique_ptr<RemoteNodes> feed_nodes_;
  std::unique_ptr<RemoteAsker> feed_asks_;
  std::unique_ptr<http::LocalClient> feed_here_;
  std::unique_ptr<gateway::Gateway> gateway_;
  StatusPage status_page_;
  PizzaShop pizza_shop_;
  std::unique_ptr<http::Server> control_server_;
  std::unique_ptr<http::Server> status_server_;
  std::unique_ptr<http::Server> sample_server_;
  bool started_ = false;  // of the loop, as is the next
  bool draining_ = false;
  net::TaskGroup tasks_;
};

}  // namespace gatehouse::app
