// SPDX-License-Identifier: Apache-2.0
#include "app/control_plane.h"

#include <cstdlib>
#include <iostream>

#include "app/mail_sender.h"
#include "app/secrets.h"
#include "core/log.h"
#include "rest/key_manager.h"
#include "storage/change_log.h"
#include "storage/outbox.h"

namespace gatehouse::app {

namespace {

constexpr std::uint64_t clean_every = 30;  // rounds of care()
constexpr std::uint64_t sweep_every = 3600;
// Nodes that start at the same moment on new databases make the same things.
constexpr int makings_max = 5;

keymanager::Options key_manager_options(const Configuration& configuration,
                                        const Surroundings& surroundings) {
  keymanager::Options options;
  options.hash_turns = surroundings.hash_turns;
  options.issuer = configuration.issuer();
  options.base_url = configuration.base_url();
  options.key_cache = configuration.key_manager.key_cache ? keymanager::KeyCacheMode::on
                                                          : keymanager::KeyCacheMode::off;
  const LoginConfig& login = configuration.login;
  options.session = {.idle = std::chrono::seconds(login.session_idle_s),
                     .absolute = std::chrono::seconds(login.session_max_s)};
  options.directory_interval = std::chrono::seconds(login.directory_interval_s);
  options.send_mail = mail_sender(configuration);
  options.mail_from = configuration.mail.from;
  options.themes = login.themes.empty() ? "" : configuration.path(login.themes);
  options.implicit_tenants = login.implicit_tenants;
  options.signing_algorithms = configuration.signing_algorithms();
  if (configuration.key_manager.dpop_nonce) options.dpop_nonce = keymanager::DpopNonce::required;
  if (configuration.tls.client_certificates) {
    options.client_certificates = keymanager::ClientCertificateMode::asked;
  }
  if (!configuration.tls.client_authorities.empty()) {
    options.client_authorities = configuration.path(configuration.tls.client_authorities);
  }
  return options;
}

http::Fetcher::Options fetcher_options(const Configuration& configuration) {
  http::Fetcher::Options options;
  if (configuration.server.allow_private_fetches) {
    options.private_networks = http::PrivateNetworks::allowed;
  }
  const auto trust = net::TlsClient::open({});
  if (!trust) log_warning("https to other servers: {}", trust.error().message);
  if (trust) options.trust = *trust;
  return options;
}

void log_failure(std::string_view what, const Result<>& result) {
  if (!result) log_warning("{}: {}: {}", what, result.error().message, result.error().detail);
}

}  // namespace

ControlPlane::ControlPlane(Parts parts)
    : parts_(std::move(parts)),
      sealer_({parts_.cluster_key}),
      fetches_(fetcher_options(parts_.configuration)),
      resources_{parts_.databases.user_manager(),
                 parts_.databases.api_manager(),
                 parts_.surroundings.clock,
                 parts_.surroundings.random,
                 parts_.surroundings.bus,
                 parts_.surroundings.logins,
                 sealer_,
                 parts_.surroundings.metrics,
                 fetches_.fetcher()},
      own_key_manager_client_(parts_.surroundings.loop, parts_.surroundings.sql, internal_),
      key_manager_client_(parts_.key_managers != nullptr ? *parts_.key_managers
                                                         : own_key_manager_client_),
      key_manager_(
          parts_.roles.key_manager
              ? std::make_unique<keymanager::KeyManager>(
                    resources_, key_manager_options(parts_.configuration, parts_.surroundings))
              : nullptr),
      passwords_(key_manager_ ? nullptr
                              : std::make_unique<keymanager::Passwords>(
                                    parts_.surroundings.random, keymanager::PasswordCost{},
                                    parts_.surroundings.hash_turns)),
      hashing_{.hash = [this](const std::string& it) { return passwords().hash(it); },
               .matches =
                   [this](const std::string& password, const std::string& hash) {
                     return passwords().matches(password, hash);
                   }},
      portals_(parts_.roles.portals()
                   ? std::make_unique<Portals>(Portals::Parts{
                         parts_.configuration, parts_.roles, parts_.surroundings, parts_.databases,
                         key_manager_client_, sealer_, hashing_, parts_.gateway})
                   : nullptr),
      doors_(parts_.configuration, parts_.surroundings) {}

keymanager::Passwords& ControlPlane::passwords() {
  return key_manager_ ? key_manager_->passwords() : *passwords_;
}

Result<> ControlPlane::mount() {
  if (portals_) GH_CHECK(portals_->mount(public_, internal_));
  if (key_manager_) {
    for (const char* path :
         {"/oauth2", "/oauth2endpoints", "/oidc", "/.well-known", "/client-registration"}) {
      public_.add(path, key_manager_->public_handler());
      internal_.add(path, key_manager_->public_handler());
    }
    internal_.add("/internal/keys/v1", key_manager_->internal_handler());
  }
  return doors_.open(parts_.roles, parts_.cluster_key, internal_, public_);
}

Result<> ControlPlane::bootstrap() {
  const Configuration& configuration = parts_.configuration;
  const char* given = std::getenv("GATEHOUSE_ADMIN_PASSWORD");
  keymanager::FirstUser first{.name = configuration.admin.username, .password = std::nullopt};
  if (given != nullptr && *given != '\0') first.password = given;
  GH_TRY(made, keymanager::bootstrap_users(resources_, passwords(), first));
  if (made.made_password.empty()) return {};
  const std::string file = configuration.path("admin-password");
  GH_CHECK(write_secret(file, made.made_password + "\n"));
  std::cout << "The password of " << first.name << " is " << made.made_password << " (kept in "
            << file << ")\n"
            << std::flush;
  return {};
}

Result<> ControlPlane::make_what_is_missing() {
  GH_CHECK(bootstrap());
  if (portals_) GH_CHECK(portals_->start());
  return key_manager_ ? key_manager_->start() : Result<>();
}

Result<> ControlPlane::start() {
  for (int makings = 1;; ++makings) {
    const Result<> made = make_what_is_missing();
    const bool again = !made && made.error().code == ErrorCode::conflict && makings < makings_max;
    if (made) break;
    if (!again) return made;
    log_info("another node has made it: {}", made.error().message);
  }
  GH_CHECK(mount());
  return portals_ ? portals_->announce() : Result<>();
}

void ControlPlane::committed(std::uint64_t number) {
  if (portals_) return portals_->committed();
  parts_.surroundings.bus.publish(bus::subject_changes, fmt::format("{{\"number\":{}}}", number));
}

void ControlPlane::stop_waiting() {
  fetches_.stop();
  if (portals_) portals_->stop_waiting();
}

// Entries that nobody has drained were left by a crash, or by a command beside this server.
Result<> ControlPlane::hear_of_users() {
  GH_TRY(users, parts_.databases.user_manager().read([](storage::Transaction& transaction) {
    // Every tenant's: what is done with each entry names its tenant.
    return transaction.query("SELECT DISTINCT tenant_id, user_id, kind FROM um_outbox");
  }));
  for (const storage::Row& row : users) {
    const bool of_tenant = row.text(2) == "tenant";
    GH_CHECK(of_tenant ? rest::tell_tenant_changed(key_manager_client_, row.number(0))
                       : rest::tell_user_changed(key_manager_client_, row.number(0), row.text(1)));
  }
  GH_CHECK(storage::drain_outbox(parts_.databases.user_manager(), parts_.databases.api_manager(),
                                 parts_.surroundings.clock));
  // Draining has taken tokens back, which somebody may have remembered between the two.
  for (const storage::Row& row : users) {
    if (row.text(2) != storage::outbox_password_reset) continue;
    GH_CHECK(rest::tell_user_changed(key_manager_client_, row.number(0), row.text(1)));
  }
  return {};
}

Result<> ControlPlane::hear_of_changes() {
  GH_TRY(head, parts_.databases.api_manager().read(
                   [](storage::Transaction& transaction) { return change_head(transaction); }));
  if (head.number <= heard_) return {};
  heard_ = head.number;
  return key_manager_ ? key_manager_->signing_keys().reload() : Result<>();
}

bool ControlPlane::stands_at(std::uint64_t number) const {
  if (heard_ >= number) return true;
  const auto head = parts_.databases.api_manager().read(storage::change_head);
  return head && head->number >= number;
}

Result<> ControlPlane::clean() {
  if (key_manager_) {
    GH_TRY(removed, key_manager_->sweep());
    if (removed > 0) log_info("{} expired tokens and revocations removed", removed);
  }
  return portals_ ? portals_->clean() : Result<>();
}

void ControlPlane::care() {
  log_failure("users", hear_of_users());
  log_failure("changes", hear_of_changes());
  if (key_manager_) {
    log_failure("revocations", key_manager_->catch_up());
    log_failure("key managers", key_manager_->refresh_providers());
    log_failure("directories", key_manager_->follow_directories());
  }
  if (++rounds_ % clean_every == 0) log_failure("cleaning", clean());
  if (portals_ && rounds_ % sweep_every == 0) log_failure("sweeping", portals_->sweep_contents());
}

}  // namespace gatehouse::app
