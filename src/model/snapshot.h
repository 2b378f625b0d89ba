// SPDX-License-Identifier: Apache-2.0
//
// What a gateway knows: the things that the feed sends, as it sends them. Each has a kind, an id
// and a JSON form; the JSON is also the line of the gateway's snapshot file.
//
// Thread:  plain values, immutable once in a snapshot.
// Shape:   drawn in docs/feed.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"
#include "model/change.h"

namespace gatehouse::model {

enum class KeyType : std::uint8_t { production, sandbox };
std::string_view to_text(KeyType type);  // "PRODUCTION", "SANDBOX"
Result<KeyType> parse_key_type(std::string_view text);

// Who may call an operation (`authType`).
enum class AuthType : std::uint8_t {
  any,               // "Application & Application User"
  application,       // "Application": tokens without a user
  application_user,  // "Application User": tokens with a user
  none,              // "None": no credential needed
};
std::string_view to_text(AuthType type);
Result<AuthType> parse_auth_type(std::string_view text);

struct DeployedOperation {
  std::string verb;    // "GET", upper case; "*" is not used: one entry per verb
  std::string target;  // "/orders/{id}", "/*"
  AuthType auth = AuthType::any;
  std::string policy;               // advanced policy; "Unlimited" or empty: none
  std::vector<std::string> scopes;  // one of them is enough; empty: none needed
};

// Backends of one key type, tried in round robin.
struct DeployedEndpoints {
  std::vector<std::string> urls;  // "http://host:port/base"
  std::int64_t timeout_ms = 30'000;
};

struct CorsPolicy {
  bool enabled = false;
  bool allow_credentials = false;
  std::vector<std::string> origins;  // "*" allows all
  std::vector<std::string> headers;
  std::vector<std::string> methods;
};

// A certificate that is trusted at one of an API's backends, besides the authorities of the
// machine.
struct BackendCertificate {
  std::string url;  // of that backend, as `urls` has it
  std::string pem;
};

// A certificate by which a client calls an API.
struct ApiCertificate {
  std::string thumbprint;  // SHA-256, base64url
  KeyType key_type = KeyType::production;
  std::string policy;  // subscription policy
  Instant not_before{};
  Instant not_after{};
};

struct DeployedApi {
  std::string id;
  TenantNumber tenant = first_tenant;
  std::string tenant_domain;
  std::string provider;
  std::string name;
  std::string version;
  std::string context;  // "/pizza", or "/{version}/pizza"
  std::string revision_id;
  std::string vhost;
  std::string environment;
  std::string state;  // "PUBLISHED", "BLOCKED", ...
  bool is_default_version = false;
  bool websocket = false;  // called over WebSockets only; its operations are handshakes
  bool http = true;        // transports
  bool https = true;
  std::vector<std::string> security_schemes;  // "oauth2", "api_key", "mutualssl", ...
  std::vector<std::string> key_managers;      // whose tokens open it; empty: any
  std::string authorization_header = "Authorization";
  std::string api_key_header = "apikey";
  std::string api_policy;  // advanced policy of the whole API; empty: per operation
  std::vector<DeployedOperation> operations;
  DeployedEndpoints production;
  DeployedEndpoints sandbox;
  std::vector<BackendCertificate> backend_certificates;
  std::vector<ApiCertificate> client_certificates;
  std::optional<std::int64_t> production_tps_max;
  std::optional<std::int64_t> sandbox_tps_max;
  CorsPolicy cors;
};

struct KnownApplication {
  std::string id;
  TenantNumber tenant = first_tenant;
  std::string name;
  std::string owner;   // user name, for the backend JWT and the log
  std::string policy;  // application policy
  std::string status;  // "APPROVED", ...
};

struct KnownKeyMapping {
  std::string id;
  TenantNumber tenant = first_tenant;
  std::string client_id;
  std::string application_id;
  KeyType key_type = KeyType::production;
  std::string key_manager;
};

struct KnownSubscription {
  std::string id;
  TenantNumber tenant = first_tenant;
  std::string api_id;
  std::string application_id;
  std::string policy;  // subscription policy
  std::string status;  // "UNBLOCKED", "BLOCKED", "PROD_ONLY_BLOCKED", "ON_HOLD", "REJECTED"
};

enum class PolicyLevel : std::uint8_t { application, subscription, api };
std::string_view to_text(PolicyLevel level);
Result<PolicyLevel> parse_policy_level(std::string_view text);

// What becomes of a call when the owner of a limit does not answer.
enum class WhenSilent : std::uint8_t {
  keep_share,  // the permits at hand are spent, then calls are refused: never more than the limit
  stop,        // every call is refused, as soon as the silence is noticed
  pass,        // calls without a permit pass, and are counted
};
std::string_view to_text(WhenSilent choice);  // "KEEP_SHARE", "STOP", "PASS"
Result<WhenSilent> parse_when_silent(std::string_view text);

// A limit of N per window, and optionally a burst beside it.
struct KnownPolicy {
  std::string id;
  TenantNumber tenant = first_tenant;
  PolicyLevel level = PolicyLevel::application;
  std::string name;
  bool unlimited = false;
  std::int64_t quota = 0;  // requests per window
  std::int64_t window_s = 60;
  std::int64_t burst = 0;  // requests per burst_window_s; 0: none
  std::int64_t burst_window_s = 1;
  bool stop_on_quota_reach = true;
  bool per_user = false;  // advanced policies: counted for each user
  WhenSilent when_silent = WhenSilent::keep_share;
};

struct KnownApiKey {
  std::string id;
  TenantNumber tenant = first_tenant;
  std::string hash;  // SHA-256 of the key, hexadecimal
  std::string application_id;
  std::string api_id;  // empty: every API that the application subscribes to
  KeyType key_type = KeyType::production;
  std::string user;
  Instant expires_at{};  // the epoch: never
  std::vector<std::string> permitted_addresses;
  std::vector<std::string> permitted_referers;
};

// A public key that verifies our tokens, as a JWK object (RFC 7517).
struct KnownSigningKey {
  std::string kid;
  TenantNumber tenant = first_tenant;
  std::string issuer;
  json::object jwk;
};

// Another server whose tokens open APIs, as one tenant set it up.
struct KnownKeyManager {
  std::string id;
  TenantNumber tenant = first_tenant;
  std::string name;
  std::string issuer;
  std::string audience;    // what `aud` must have; empty: anything
  bool verify_jwt = true;  // false: its JWTs are asked about, as opaque tokens are
  // Names of claims, or paths to them; several have a space between them: the first one that is
  // there, and the scopes of all. Empty: the usual ones (model/foreign_token.h).
  std::string consumer_key_claim;
  std::string scopes_claim;
  std::string user_claim;
  // A token of the application itself: this claim has this value, "{client}" standing for the
  // client's id.
  std::string application_claim;
  std::string application_value;
  json::object key_set;  // JWKS (RFC 7517, section 5)
};

// The tenant of key managers that are everybody's; no tenant has this number.
inline constexpr TenantNumber every_tenant = 0;

// Our own key manager's name in mappings and in the choice of an API.
inline constexpr std::string_view resident_key_manager = "Resident Key Manager";

json::object to_json(const DeployedApi& api);
json::object to_json(const KnownApplication& application);
json::object to_json(const KnownKeyMapping& mapping);
json::object to_json(const KnownSubscription& subscription);
json::object to_json(const KnownPolicy& policy);
json::object to_json(const KnownApiKey& key);
json::object to_json(const KnownSigningKey& key);
json::object to_json(const KnownKeyManager& key_manager);

// Error: invalid_argument, when a member is of a wrong type or one that names the thing is missing;
// other absent members keep their defaults and unknown ones are ignored, so that gateway and
// control plane may differ in age.
Result<DeployedApi> deployed_api_from(const json::object& object);
Result<KnownApplication> known_application_from(const json::object& object);
Result<KnownKeyMapping> known_key_mapping_from(const json::object& object);
Result<KnownSubscription> known_subscription_from(const json::object& object);
Result<KnownPolicy> known_policy_from(const json::object& object);
Result<KnownApiKey> known_api_key_from(const json::object& object);
Result<KnownSigningKey> known_signing_key_from(const json::object& object);
Result<KnownKeyManager> known_key_manager_from(const json::object& object);

// One entry of the feed. kind: "api", "application", "key_mapping", "subscription", "policy",
// "api_key", "signing_key", "key_manager". `value` is empty for a removal.
struct FeedEntry {
  std::string kind;
  std::string id;
  json::object value;
};

// An answer of GET /internal/data/v1/changes, and of /snapshot with from = 0:
//   {"tag":"…","from":7,"to":9,"revocation":3,
//    "upserts":[{"kind":"api","id":"…","value":{…}}],"removals":[{"kind":"api","id":"…"}]}
struct FeedRange {
  std::string tag;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::uint64_t revocation = 0;  // number of the newest revocation in the same database snapshot
  std::vector<FeedEntry> upserts;
  std::vector<FeedEntry> removals;
};
json::object to_json(const FeedRange& range);
Result<FeedRange> feed_range_from(const json::object& object);

// A revocation as it travels on the bus (subject "revocations") and in
// GET /internal/data/v1/revocations?since=R → {"list":[…]}.
struct Revocation {
  std::uint64_t number = 0;
  TenantNumber tenant = first_tenant;
  // "token", "family", "client", "user", "user_client", "user_changed", "tenant_changed"
  std::string kind;
  // For token: SHA-256 of it in hexadecimal, or the jti of a JWT; for user_client: see below.
  std::string value;
  Instant issued_before{};  // tokens issued up to here are meant
  Instant expires_at{};     // when the last of them has expired
};
// The value of kind "user_client": what this client holds for this user.
std::string user_and_client(std::string_view user_id, std::string_view client_id);
json::object to_json(const Revocation& revocation);
Result<Revocation> revocation_from(const json::object& object);

// What a key manager says of a token: POST /internal/keys/v1/validate
//   {"tokens":["<raw token>", …]}  →  {"revocation":R,"list":[Validation, …]} in the same order.
struct Validation {
  bool active = false;
  std::uint32_t code = 0;  // when not active: 900901 unknown, 900903 expired
  TenantNumber tenant = first_tenant;
  std::string client_id;
  std::string user_id;  // empty: a token of the application itself
  std::string user;     // name, empty likewise
  std::string family;
  std::vector<std::string> scopes;
  Instant issued_at{};
  Instant expires_at{};
  std::string key_manager;      // name; empty: our own
  std::int64_t remember_s = 0;  // for so long and no longer; 0: as tokens of our own
  // What the caller must show besides the token; empty: nothing.
  std::string key_thumbprint{};          // cnf.jkt: a DPoP proof by this key
  std::string certificate_thumbprint{};  // cnf.x5t#S256: this client certificate
  std::vector<std::string> audiences{};  // resource indicators; empty: not bound to resources
  json::object actor{};                  // act: who acts for the user
  TenantNumber user_tenant = 0;          // when it is not `tenant`, the client's

  TenantNumber tenant_of_user() const { return user_tenant == 0 ? tenant : user_tenant; }
};
json::object to_json(const Validation& validation);
Result<Validation> validation_from(const json::object& object);

}  // namespace gatehouse::model
