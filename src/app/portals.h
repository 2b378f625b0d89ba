// SPDX-License-Identifier: Apache-2.0
//
// The portals that a node runs: publisher, developer portal and admin, as far as its roles name
// them, and what comes with any of them: statistics and the feed of gateways.
//
// Thread:  made by the main thread; the handlers on the loop and the `sql` pool; care() from one
//          pool thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/admin.h"
#include "analytics/analytics.h"
#include "app/configuration.h"
#include "app/gateway_inspection.h"
#include "app/path_dispatcher.h"
#include "app/roles.h"
#include "app/surroundings.h"
#include "devportal/devportal.h"
#include "jose/seal.h"
#include "publisher/announcer.h"
#include "publisher/feed.h"
#include "publisher/publisher.h"
#include "rest/documents.h"
#include "rest/router.h"
#include "storage/databases.h"

namespace gatehouse::app {

// The gateway of this process, which starts later; empty functions where there is none.
struct LocalGateway {
  // Returns once it stands at the change, or after a moment.
  std::function<void(std::uint64_t change)> wait{};
  GatewayInspection::Read snapshot{};
};

class Portals {
 public:
  // Everything outlives the portals.
  struct Parts {
    const Configuration& configuration;
    const Roles& roles;
    Surroundings& surroundings;
    storage::Databases& databases;
    http::Client& key_manager;
    const jose::Sealer& sealer;
    const rest::PasswordHashing& hashing;
    const LocalGateway& gateway;
  };
  explicit Portals(const Parts& parts);
  ~Portals() { stop_waiting(); }
  Portals(const Portals&) = delete;
  Portals& operator=(const Portals&) = delete;

  // Makes what every tenant has.
  Result<> start();
  // Tells gateways what is committed from now on.
  Result<> announce() { return announcer_.start(); }
  // This process has committed a change; any thread.
  void committed() { announcer_.committed(); }
  // REST APIs into `outside`, what gateways ask into `inside`.
  Result<> mount(PathDispatcher& outside, PathDispatcher& inside);

  // Gateways that wait for a change are answered now.
  void stop_waiting() {
    announcer_.stop();
    feed_.stop();
  }

  // What has expired goes: marks of the outbox and the change log; contents that nothing names.
  Result<> clean();
  Result<> sweep_contents();

 private:
  publisher::PublisherOptions publisher_options() const;
  devportal::DevPortalOptions devportal_options() const;
  admin::AdminOptions admin_options() const;
  storage::DefaultsOptions defaults() const;
  rest::Router& add_router(const rest::EmbeddedDocument& document, PathDispatcher& outside,
                           std::vector<std::string> base_paths);

  const Parts parts_;
  publisher::Feed feed_;
  publisher::Announcer announcer_;
  std::unique_ptr<bus::Subscription> changes_;
  std::optional<publisher::Publisher> publisher_;
  std::optional<devportal::DevPortal> devportal_;
  std::optional<admin::Admin> admin_;
  analytics::Analytics analytics_;
  std::optional<GatewayInspection> inspection_;
  std::vector<std::unique_ptr<rest::Router>> routers_;
};

}  // namespace gatehouse::app
