// SPDX-License-Identifier: Apache-2.0
//
// The roles of a node that keep data, wired together: the key manager and the portals, either or
// both.
//
//   public   REST APIs and OAuth endpoints, for the port 9443, and the doors for other nodes
//   internal /internal/keys and /internal/data, for gateways and portals of this process
//
// Thread:  made and started by the main thread; the handlers on the loop and the `sql` pool; care()
//          from one pool thread at a time.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "app/configuration.h"
#include "app/node_doors.h"
#include "app/path_dispatcher.h"
#include "app/portals.h"
#include "app/roles.h"
#include "app/surroundings.h"
#include "http/fetch_thread.h"
#include "http/local_client.h"
#include "jose/seal.h"
#include "keymanager/key_manager.h"
#include "storage/databases.h"

namespace gatehouse::app {

class ControlPlane {
 public:
  // Everything outlives it.
  struct Parts {
    const Configuration& configuration;
    const Roles& roles;
    Surroundings& surroundings;
    storage::Databases& databases;
    std::string cluster_key;
    http::Client* key_managers = nullptr;  // of other nodes; null: the one of this process
    LocalGateway gateway{};
  };
  explicit ControlPlane(Parts parts);
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;

  // Before the pools stop: nobody waits any longer, for another server or for a change.
  void stop_waiting();

  // Makes what a new node lacks: defaults, the administrator, signing keys.
  Result<> start();

  http::Handler& public_handler() { return public_; }
  http::Handler& internal_handler() { return internal_; }

  // Once a second: what other processes have written is noticed, what a crash has left is finished,
  // what has expired goes.
  void care();
  // This process has committed the change; any thread.
  void committed(std::uint64_t number);
  // The newest number of the change log that care() has seen.
  std::uint64_t change_number() const { return heard_; }
  // Whether the change has been committed; reads the database if care() has not seen it yet.
  bool stands_at(std::uint64_t number) const;

  // As NodeDoors::reload.
  Result<> reload_node_trust() { return doors_.reload(); }

 private:
  keymanager::Passwords& passwords();
  Result<> make_what_is_missing();
  Result<> bootstrap();
  Result<> mount();
  Result<> hear_of_users();
  Result<> hear_of_changes();
  Result<> clean();

  const Parts parts_;
  const jose::Sealer sealer_;

  http::FetchThread fetches_;
  const keymanager::Resources resources_;
  PathDispatcher internal_;
  http::LocalClient own_key_manager_client_;
  http::Client& key_manager_client_;
  std::unique_ptr<keymanager::KeyManager> key_manager_;  // null: it is elsewhere
  std::unique_ptr<keymanager::Passwords> passwords_;     // of a node without a key manager
  const rest::PasswordHashing hashing_;
  std::unique_ptr<Portals> portals_;  // null: they are elsewhere
  NodeDoors doors_;
  PathDispatcher public_;

  std::atomic<std::uint64_t> heard_ = 0;
  std::uint64_t rounds_ = 0;  // of care()
};

}  // namespace gatehouse::app
