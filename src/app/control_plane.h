// SPDX-License-Identifier: Apache-2.0
//
// The roles that own the databases, wired together: key manager, publisher, developer portal,
// admin, statistics and the feed.
//
//   public   REST APIs and OAuth endpoints, for the port 9443
//   internal /internal/keys and /internal/data, for gateways and portals of this process
//
// Thread:  made and started by the main thread; the handlers on the loop and the `sql` pool; care()
//          from one pool thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "admin/admin.h"
#include "analytics/analytics.h"
#include "app/configuration.h"
#include "app/gateway_inspection.h"
#include "app/path_dispatcher.h"
#include "app/surroundings.h"
#include "devportal/devportal.h"
#include "http/fetch_thread.h"
#include "http/local_client.h"
#include "jose/seal.h"
#include "keymanager/key_manager.h"
#include "keymanager/node_door.h"
#include "publisher/announcer.h"
#include "publisher/feed.h"
#include "publisher/publisher.h"
#include "rest/documents.h"
#include "rest/router.h"
#include "storage/databases.h"

namespace gatehouse::app {

class ControlPlane {
 public:
  // The gateway of this process, which starts later.
  struct LocalGateway {
    // Returns once it stands at the change, or after a moment.
    std::function<void(std::uint64_t change)> wait;
    GatewayInspection::Read snapshot;
  };

  ControlPlane(const Configuration& configuration, Surroundings& surroundings,
               storage::Databases& databases, const std::string& cluster_key, LocalGateway gateway);
  ~ControlPlane();
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;

  // Before the pools stop: nobody waits any longer for another server.
  void stop_fetching() { fetches_.stop(); }

  // Makes what a new node lacks: defaults, the administrator, signing keys.
  Result<> start();

  http::Handler& public_handler() { return public_; }
  http::Handler& internal_handler() { return internal_; }

  // This process has committed a change; any thread.
  void committed() { announcer_.committed(); }

  // Once a second: what other processes have written is noticed, what a crash has left is finished,
  // what has expired goes.
  void care();

  // Reads again who issues the certificates of nodes, and which ones are revoked.
  // Error: invalid_argument; then all stays as it was.
  Result<> reload_node_trust();

 private:
  rest::Router& add_router(const rest::EmbeddedDocument& document,
                           std::vector<std::string> base_paths);
  publisher::PublisherOptions publisher_options();
  rest::PasswordHashing hashing();
  storage::DefaultsOptions defaults() const;
  Result<> make_defaults();
  Result<> mount();
  Result<> open_node_door();
  Result<> bootstrap();
  Result<> hear_of_users();
  Result<> hear_of_changes();
  Result<> clean();
  Result<> sweep_contents();

  const Configuration& configuration_;
  Surroundings& surroundings_;
  storage::Databases& databases_;
  const LocalGateway gateway_;
  const std::string cluster_key_;
  const jose::Sealer sealer_;

  http::FetchThread fetches_;
  PathDispatcher internal_;
  http::LocalClient key_manager_client_;
  keymanager::KeyManager key_manager_;
  publisher::Feed feed_;
  publisher::Announcer announcer_;
  std::unique_ptr<bus::Subscription> changes_;
  publisher::Publisher publisher_;
  devportal::DevPortal devportal_;
  admin::Admin admin_;
  analytics::Analytics analytics_;
  GatewayInspection inspection_;
  std::vector<std::unique_ptr<rest::Router>> routers_;
  PathDispatcher public_;

  // For gateways of other nodes; null while there is nothing that they could be known by.
  std::unique_ptr<keymanager::NodeCertificates> node_certificates_;
  std::unique_ptr<keymanager::NodeSessions> node_sessions_;
  std::unique_ptr<keymanager::NodeDoor> node_door_;

  std::uint64_t heard_ = 0;  // of care(), as is the next
  std::uint64_t rounds_ = 0;
};

}  // namespace gatehouse::app
