// SPDX-License-Identifier: Apache-2.0
#include "keymanager/key_manager.h"

#include "core/log.h"
#include "storage/apis/revocation_store.h"
#include "storage/apis/sign_on_removal.h"
#include "storage/apis/token_parts.h"
#include "storage/apis/used_proof_store.h"

namespace gatehouse::keymanager {

namespace {

using storage::Transaction;

constexpr std::int64_t sweep_rows_max = 10'000;
constexpr std::int64_t catch_up_max = 10'000;
// As many tokens as may have expired since the last time: more than are issued in half a minute.
constexpr std::int64_t sweep_tokens_max = 300'000;

// A token's row stays until the token itself says that its hour is over, so that an expired one is
// never called unknown.
constexpr std::chrono::hours token_grace{1};

}  // namespace

KeyManager::KeyManager(const Resources& resources, const Options& options)
    : resources_(resources),
      client_authorities_(options.client_authorities),
      passwords_(resources.random, options.password_cost, options.hash_turns),
      directory_(resources.users),
      scopes_(resources.users, resources.apis),
      login_(resources, directory_, passwords_, options.basic_lifetime),
      signing_keys_(resources.apis, resources.clock, resources.random, resources.sealer,
                    options.signing_algorithms),
      revocations_(resources),
      ldap_watch_(resources, login_.directories(), revocations_, options.directory_interval),
      validator_(resources, options, signing_keys_, directory_, scopes_),
      provider_reader_(resources.fetcher),
      provider_keys_(resources, provider_reader_),
      provider_tokens_(resources),
      provider_clients_(resources),
      token_algorithms_(resources, options.signing_algorithms),
      issuer_(resources, signing_keys_, token_algorithms_, revocations_, options.issuer),
      try_out_keys_(resources, signing_keys_, options.issuer),
      used_proofs_(resources.apis),
      possession_(resources, options, used_proofs_),
      client_keys_(resources),
      client_assertion_(resources, options, client_keys_, used_proofs_),
      client_certificates_(resources.clock),
      client_authentication_(resources, client_keys_, client_assertion_, client_certificates_),
      trusted_issuers_(resources, options, client_keys_, used_proofs_),
      client_credentials_(directory_, scopes_),
      password_(login_, scopes_, resources.clock),
      refresh_token_(resources, revocations_, directory_, scopes_),
      codes_(resources),
      authorization_code_(resources, codes_, revocations_, directory_, scopes_),
      device_code_(resources, revocations_, directory_, scopes_),
      jwt_bearer_(trusted_issuers_, directory_, scopes_),
      saml_bearer_(trusted_issuers_, directory_, scopes_),
      token_exchange_(
          {resources.clock, signing_keys_, validator_, trusted_issuers_, directory_, scopes_},
          options.issuer),
      clients_(resources, revocations_, client_credentials_, issuer_),
      client_secrets_(resources),
      authenticator_(login_, directory_, validator_, options.base_url),
      token_endpoint_(client_authentication_,
                      {&client_credentials_, &password_, &refresh_token_, &authorization_code_,
                       &device_code_, &jwt_bearer_, &saml_bearer_, &token_exchange_},
                      possession_, issuer_),
      revocation_endpoint_(resources, client_authentication_, signing_keys_, revocations_),
      introspection_endpoint_(client_authentication_, login_, validator_, options.issuer),
      user_info_endpoint_(resources, options.issuer,
                          {directory_, validator_, possession_, signing_keys_}),
      registration_endpoint_(clients_, directory_, login_),
      dynamic_registration_(resources, options, clients_, authenticator_),
      discovery_(options, signing_keys_, token_endpoint_.grant_types()),
      form_guard_(resources.sealer, resources.clock, resources.random),
      themes_(options.themes),
      pages_(directory_, form_guard_, themes_),
      attempts_(resources.clock, resources.random),
      second_factor_(resources, attempts_),
      sessions_(resources, directory_, options.session),
      password_change_(resources, directory_, passwords_),
      sign_in_(resources, {pages_, login_, sessions_, second_factor_, attempts_, password_change_}),
      consents_(resources, revocations_),
      pushed_requests_(resources, client_authentication_),
      authorization_endpoint_(resources, options,
                              {pages_, themes_, sign_in_, sessions_, codes_, consents_,
                               pushed_requests_, directory_, scopes_, issuer_, signing_keys_}),
      devices_(resources, options,
               {pages_, sign_in_, sessions_, attempts_, client_authentication_, scopes_}),
      logout_endpoint_(resources, options, pages_, sessions_, signing_keys_),
      account_pages_({pages_, sign_in_, sessions_, second_factor_, attempts_, login_, consents_,
                      password_change_, revocations_}),
      forgotten_password_(resources, options, {pages_, attempts_, password_change_, directory_}),
      public_(
          {token_endpoint_, revocation_endpoint_, introspection_endpoint_, user_info_endpoint_,
           registration_endpoint_, dynamic_registration_, authorization_endpoint_, pushed_requests_,
           devices_, logout_endpoint_, account_pages_, forgotten_password_, discovery_},
          resources.logins),
      internal_({validator_, authenticator_, clients_, client_secrets_, revocations_,
                 provider_reader_, provider_tokens_, provider_clients_, directory_,
                 forgotten_password_, login_, try_out_keys_}) {
  if (options.send_mail) sign_in_.set_help(options.base_url + "/oauth2/forgotten-password");
}

Result<Bootstrapped> KeyManager::bootstrap(const FirstUser& first) {
  return bootstrap_users(resources_, passwords_, first);
}

Result<> KeyManager::start() {
  GH_CHECK(signing_keys_.start());
  GH_CHECK(storage::make_token_parts(resources_.apis, resources_.clock.now()));
  if (!client_authorities_.empty()) GH_CHECK(client_certificates_.trust(client_authorities_));
  // Listening begins before the number is read, so nothing falls between the two.
  subscription_ = resources_.bus.subscribe(std::string(bus::subject_revocations),
                                           [this](std::string_view message) { hear(message); });
  GH_TRY(newest, resources_.apis.read([](Transaction& transaction) {
    return storage::RevocationStore(transaction).newest();
  }));
  if (validator_.cache() != nullptr) validator_.cache()->begin_at(newest);
  heard_up_to_ = newest;
  return {};
}

void KeyManager::hear(std::string_view message) {
  const Result<json::object> object = parse_json_object(message);
  if (!object) return;
  const Result<model::Revocation> revocation = model::revocation_from(*object);
  if (!revocation) {
    log_warning("key manager: a revocation cannot be read: {}", revocation.error().message);
    return;
  }
  apply(*revocation);
  // After a gap the others are read by catch_up.
  std::uint64_t before = revocation->number - 1;
  heard_up_to_.compare_exchange_strong(before, revocation->number);
}

void KeyManager::apply(const model::Revocation& revocation) {
  if (validator_.cache() != nullptr) validator_.cache()->apply(revocation);
  if (revocation.kind == "user" || revocation.kind == "user_changed") {
    login_.forget(revocation.value);
  }
  if (revocation.kind == "tenant_changed") token_algorithms_.forget(revocation.tenant);
}

Result<> KeyManager::catch_up() {
  const std::uint64_t known = heard_up_to_;
  GH_TRY(others, resources_.apis.read([&](Transaction& transaction) {
    return storage::RevocationStore(transaction).since(known, catch_up_max);
  }));
  for (const model::Revocation& revocation : others) {
    apply(revocation);
    // The bus may have told later ones meanwhile.
    std::uint64_t seen = heard_up_to_;
    while (seen < revocation.number &&
           !heard_up_to_.compare_exchange_weak(seen, revocation.number)) {
    }
  }
  if (validator_.cache() != nullptr) validator_.cache()->complete_up_to(heard_up_to_);
  return {};
}

Result<std::int64_t> KeyManager::sweep() {
  GH_CHECK(signing_keys_.reload());
  const Instant now = resources_.clock.now();
  const Instant idle = sessions_.idle_since();
  GH_CHECK(storage::make_token_parts(resources_.apis, now));
  GH_TRY(tokens, storage::forget_tokens(resources_.apis, now - token_grace, sweep_tokens_max));
  GH_TRY(others, resources_.apis.write([&](Transaction& transaction) -> Result<std::int64_t> {
    GH_TRY(revocations, storage::RevocationStore(transaction).remove_expired(now, sweep_rows_max));
    // Used codes are remembered for longer than they hold; that of expired ones costs nothing.
    GH_TRY(sign_on,
           storage::remove_expired_sign_on(
               transaction,
               {.now = now, .idle = idle, .codes = now - Codes::memory, .limit = sweep_rows_max}));
    GH_TRY(proofs, storage::UsedProofStore(transaction).remove_expired(now, sweep_rows_max));
    return revocations + sign_on + proofs;
  }));
  return tokens + others;
}

}  // namespace gatehouse::keymanager
