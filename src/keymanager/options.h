// SPDX-License-Identifier: Apache-2.0
//
// What a key manager is built from: the world it lives in, and how it is set.
//
// Thread:  plain values; what Resources refers to outlives the key manager.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "bus/bus.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "core/random.h"
#include "http/fetcher.h"
#include "jose/algorithm.h"
#include "jose/seal.h"
#include "keymanager/hash_turns.h"
#include "keymanager/mail/message.h"
#include "net/pool.h"
#include "storage/database.h"

namespace gatehouse::keymanager {

struct Resources {
  storage::Database& users;  // user_manager
  storage::Database& apis;   // api_manager
  const Clock& clock;
  Random& random;  // used from several threads
  bus::Bus& bus;
  net::Pool& logins;  // for requests that may hash a password
  const jose::Sealer& sealer;
  Metrics& metrics;
  http::Fetcher& fetcher;  // asks other servers
};

// Argon2id, RFC 9106. A hash carries its own cost, so a change here keeps older passwords valid.
struct PasswordCost {
  std::uint32_t memory_kib = 19 * 1024;
  std::uint32_t passes = 2;
};

// How long a browser stays signed on. Keys: login.session_idle_s, login.session_max_s.
struct SessionLifetime {
  std::chrono::seconds idle{std::chrono::minutes(30)};
  std::chrono::seconds absolute{std::chrono::hours(12)};
};

enum class KeyCacheMode : std::uint8_t { off, on };

// Whether DPoP proofs must carry a nonce of ours (RFC 9449, section 8).
enum class DpopNonce : std::uint8_t { off, required };

enum class ClientCertificateMode : std::uint8_t { ignored, asked };

struct Options {
  // `iss` of our tokens, and where clients find us. Key: key_manager.issuer.
  std::string issuer = "https://localhost:9443/oauth2/token";
  std::string base_url = "https://localhost:9443";

  // Whether validations are remembered here rather than at the gateways. Key:
  // key_manager.key_cache.
  KeyCacheMode key_cache = KeyCacheMode::off;
  std::chrono::seconds key_cache_lifetime{900};

  // How long a pair of user and password is taken without hashing it again.
  std::chrono::seconds basic_lifetime{60};

  SessionLifetime session;
  // How often the users of directories are looked after. Key: login.directory_interval_s.
  std::chrono::seconds directory_interval{300};
  // Folder with the looks of tenants. Key: login.themes.
  std::string themes;
  // Domains of tenants whose clients may use the implicit grant. Key: login.implicit_tenants.
  std::vector<std::string> implicit_tenants;

  // One key each; the first one signs access tokens unless a client says otherwise. Key:
  // key_manager.signing_algorithms.
  std::vector<jose::Algorithm> signing_algorithms{jose::Algorithm::rs256, jose::Algorithm::es256,
                                                  jose::Algorithm::eddsa};
  PasswordCost password_cost;
  HashTurns::Options hash_turns;  // who comes after those that may wait gets 503

  // Hands a mail to the server that sends ours; empty: there is none. Keys: mail.*.
  std::function<Result<>(const mail::Message&, const std::stop_token&)> send_mail;
  std::string mail_from;

  DpopNonce dpop_nonce = DpopNonce::off;  // Key: key_manager.dpop_nonce.

  // Whether our port asks clients for certificates, and the PEM file of the authorities whose
  // certificates prove a client (empty: none). Keys: tls.client_certificates,
  // tls.client_authorities.
  ClientCertificateMode client_certificates = ClientCertificateMode::ignored;
  std::string client_authorities;
};

}  // namespace gatehouse::keymanager
