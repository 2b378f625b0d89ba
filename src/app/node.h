// SPDX-License-Identifier: Apache-2.0
//
// A node: the roles of its profile, built in the order of their dependencies and ended in reverse.
// Which role asks which, and whether it does so in this process, is decided here and nowhere else.
//
// Thread:  the main thread, which runs the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/configuration.h"
#include "app/control_plane.h"
#include "app/pizza_shop.h"
#include "app/remote_key_managers.h"
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
  Result<> open_data();
  Result<> open_gateway();
  Result<> open_servers();
  // Of a port where clients are asked for a certificate, or not.
  Result<std::shared_ptr<const net::TlsServer>> certificate(const Configuration& configuration,
                                                            net::ClientCertificates asked);
  net::CertificateFiles certificate_files(const Configuration& configuration) const;
  Result<std::unique_ptr<http::Server>> serve(http::Handler& handler, net::Endpoint endpoint,
                                              std::shared_ptr<const net::TlsServer> tls);
  net::Task<> care();
  net::Task<> watch_drain(std::function<void()> over);
  Readiness readiness() const;

  const Configuration configuration_;
  Surroundings& surroundings_;
  std::vector<net::Network> trusted_proxies_;
  std::string token_key_;  // of the gateway's journal of validations

  std::unique_ptr<storage::Databases> databases_;
  std::unique_ptr<traffic::Owner> owner_;
  std::unique_ptr<ControlPlane> control_plane_;
  std::unique_ptr<http::LocalClient> control_plane_client_;
  std::optional<RemoteKeyManagers> key_managers_;  // empty: the one in this process
  std::unique_ptr<gateway::Gateway> gateway_;
  StatusPage status_page_;
  PizzaShop pizza_shop_;
  std::unique_ptr<http::Server> control_server_;
  std::unique_ptr<http::Server> status_server_;
  std::unique_ptr<http::Server> sample_server_;
  bool draining_ = false;  // of the loop
  net::TaskGroup tasks_;
};

}  // namespace gatehouse::app
