// SPDX-License-Identifier: Apache-2.0
#include "app/portals.h"

#include <unordered_set>

#include "core/log.h"
#include "core/text.h"
#include "rest/key_manager.h"
#include "storage/apis/defaults.h"
#include "storage/apis/gateway_store.h"
#include "storage/change_log.h"
#include "storage/outbox.h"
#include "storage/registry/content_store.h"

namespace gatehouse::app {

namespace {

std::string portal_url(const Configuration& configuration, const std::string& configured,
                       std::string_view path) {
  return configured.empty() ? fmt::format("{}/{}", configuration.base_url(), path) : configured;
}

std::uint64_t number_of(std::string_view message) {
  const Result<json::object> hint = parse_json_object(message);
  return hint ? static_cast<std::uint64_t>(number_or(*hint, "number", 0)) : 0;
}

Result<std::vector<storage::Row>> tenants_of(storage::Databases& databases) {
  return databases.user_manager().read([](storage::Transaction& transaction) {
    return transaction.query("SELECT tenant_id FROM um_tenant");
  });
}

}  // namespace

Portals::Portals(const Parts& parts)
    : parts_(parts),
      feed_(parts.databases, parts.surroundings.clock, parts.configuration.issuer()),
      announcer_(parts.databases, feed_, parts.surroundings.bus),
      changes_(parts.surroundings.bus.subscribe(
          std::string(bus::subject_changes),
          [this](std::string_view message) { feed_.wake(number_of(message)); })),
      analytics_(parts.databases, parts.surroundings.clock) {
  const Surroundings& around = parts.surroundings;
  Random& random = parts.surroundings.random;
  if (parts.roles.publisher) {
    publisher_.emplace(parts.databases, around.clock, random, publisher_options());
  }
  if (parts.roles.devportal) {
    devportal_.emplace(parts.databases, parts.key_manager, around.clock, random,
                       devportal_options());
  }
  if (parts.roles.admin) {
    admin_.emplace(parts.databases, parts.key_manager, around.clock, random, admin_options());
  }
  if (parts.gateway.snapshot) inspection_.emplace(parts.gateway.snapshot);
}

publisher::PublisherOptions Portals::publisher_options() const {
  const Configuration& configuration = parts_.configuration;
  return {
      .devportal_url = portal_url(configuration, configuration.portals.devportal_url, "devportal"),
      .seal =
          [this](std::string_view secret) {
            return to_base64(parts_.sealer.seal(secret, "endpoint", parts_.surroundings.random));
          },
      .issue_try_out_key =
          [this](const std::string& api_id, const std::string& user_id) {
            return rest::issue_try_out_key(parts_.key_manager, api_id, user_id);
          }};
}

devportal::DevPortalOptions Portals::devportal_options() const {
  return {.key_manager_url = parts_.configuration.key_manager_url(),
          .hash_password = parts_.hashing.hash,
          .password_matches = parts_.hashing.matches};
}

admin::AdminOptions Portals::admin_options() const {
  return {.hash_password = parts_.hashing.hash,
          .password_matches = parts_.hashing.matches,
          .seal =
              [this](std::string_view secret, std::string_view context) {
                return parts_.sealer.seal(secret, context, parts_.surroundings.random);
              },
          .issuer = parts_.configuration.issuer(),
          .signing_algorithms = parts_.configuration.key_manager.signing_algorithms,
          .defaults = defaults()};
}

storage::DefaultsOptions Portals::defaults() const {
  const Configuration& configuration = parts_.configuration;
  return {.host = configuration.server.hostname,
          .http_port = configuration.port(configuration.gateway.http_port),
          .https_port = configuration.port(configuration.gateway.https_port),
          .known_vhost =
              parts_.roles.gateway ? storage::KnownVhost::follows : storage::KnownVhost::stays};
}

// Ports may have moved since the last start, for every tenant.
Result<> Portals::start() {
  GH_TRY(tenants, tenants_of(parts_.databases));
  storage::DefaultsOptions options = defaults();
  for (const storage::Row& tenant : tenants) {
    options.tenant = tenant.number(0);
    GH_CHECK(storage::add_defaults(parts_.databases.api_manager(), options,
                                   parts_.surroundings.clock, parts_.surroundings.random));
  }
  return {};
}

rest::Router& Portals::add_router(const rest::EmbeddedDocument& document, PathDispatcher& outside,
                                  std::vector<std::string> base_paths) {
  rest::RouterOptions options{.base_paths = base_paths,
                              .openapi_json = document.json,
                              .openapi_yaml = document.yaml,
                              .after_write = parts_.gateway.wait};
  routers_.push_back(std::make_unique<rest::Router>(std::move(options), parts_.key_manager));
  for (const std::string& path : base_paths) outside.add(path, *routers_.back());
  return *routers_.back();
}

Result<> Portals::mount(PathDispatcher& outside, PathDispatcher& inside) {
  if (publisher_) {
    publisher_->mount(add_router(rest::publisher_document, outside,
                                 {"/api/am/publisher/v4", "/api/am/publisher/v3",
                                  "/api/am/publisher/v2", "/api/am/publisher/v1"}));
  }
  if (devportal_) {
    devportal_->mount(add_router(rest::devportal_document, outside,
                                 {"/api/am/devportal/v3", "/api/am/devportal/v2",
                                  "/api/am/devportal/v1", "/api/am/store/v1"}));
  }
  if (admin_) {
    admin_->mount(add_router(rest::admin_document, outside, {"/api/am/admin/v4"}));
    outside.add("/scim2", admin_->scim());
  }
  analytics_.mount(add_router(rest::analytics_document, outside, {"/api/am/analytics/v1"}));
  if (inspection_) {
    inspection_->mount(add_router(rest::gateway_document, outside, {"/api/am/gateway/v2"}));
  }
  for (const auto& router : routers_) GH_CHECK(router->check());
  inside.add("/internal/data/v1", feed_);
  inside.add("/internal/data/v1/usage", analytics_.intake());
  return {};
}

Result<> Portals::clean() {
  storage::Database& api_manager = parts_.databases.api_manager();
  const Clock& clock = parts_.surroundings.clock;
  GH_TRY(forgotten, storage::forget_outbox_seen(api_manager, clock));
  static_cast<void>(forgotten);
  const Instant until = clock.now() - storage::change_age_max;
  GH_TRY(changes, api_manager.write([&](storage::Transaction& transaction) {
    return storage::forget_changes(transaction, until);
  }));
  static_cast<void>(changes);
  return api_manager.write([&](storage::Transaction& transaction) {
    return storage::GatewayStore(transaction).forget(until);
  });
}

// Contents that no API and no revision names any more, a day after they were kept last.
Result<> Portals::sweep_contents() {
  GH_TRY(tenants, tenants_of(parts_.databases));
  for (const storage::Row& tenant : tenants) {
    GH_TRY(rows, parts_.databases.api_manager().read([&](storage::Transaction& transaction) {
      return transaction.query(
          "SELECT definition_hash FROM am_api WHERE tenant_id = $1 "
          "UNION SELECT definition_hash FROM am_revision WHERE tenant_id = $1",
          tenant.number(0));
    }));
    std::unordered_set<std::string> named;
    for (const storage::Row& row : rows) named.insert(row.text(0));
    GH_TRY(swept, storage::sweep_contents(parts_.databases.registry(), tenant.number(0), named,
                                          parts_.surroundings.clock));
    if (swept > 0) log_info("{} contents that nothing names removed", swept);
  }
  return {};
}

}  // namespace gatehouse::app
