// SPDX-License-Identifier: Apache-2.0
#include "model/snapshot.h"

#include <array>

#include "model/fields.h"

namespace gatehouse::model {

namespace {

constexpr std::array<std::string_view, 2> key_types{"PRODUCTION", "SANDBOX"};
constexpr std::array<std::string_view, 4> auth_types{"Application & Application User",
                                                     "Application", "Application User", "None"};
constexpr std::array<std::string_view, 3> policy_levels{"application", "subscription", "api"};
constexpr std::array<std::string_view, 3> silent_choices{"KEEP_SHARE", "STOP", "PASS"};

template <std::size_t size>
std::optional<std::size_t> index_of(const std::array<std::string_view, size>& names,
                                    std::string_view text) {
  for (std::size_t i = 0; i < size; ++i) {
    if (names[i] == text) return i;
  }
  return std::nullopt;
}

tl::unexpected<Error> not_one_of(std::string_view what, std::string_view text) {
  return fail(ErrorCode::invalid_argument, "Not " + std::string(what) + ": " + std::string(text));
}

template <typename T>
bool store(const Result<T>& parsed, T& name) {
  if (parsed) name = *parsed;
  return parsed.has_value();
}

}  // namespace

static bool parse_text(std::string_view text, KeyType& type) {
  return store(parse_key_type(text), type);
}
static bool parse_text(std::string_view text, AuthType& type) {
  return store(parse_auth_type(text), type);
}
static bool parse_text(std::string_view text, PolicyLevel& level) {
  return store(parse_policy_level(text), level);
}

static bool parse_text(std::string_view text, WhenSilent& choice) {
  return store(parse_when_silent(text), choice);
}

std::string_view to_text(KeyType type) { return key_types.at(static_cast<std::size_t>(type)); }
std::string_view to_text(AuthType type) { return auth_types.at(static_cast<std::size_t>(type)); }
std::string_view to_text(PolicyLevel level) {
  return policy_levels.at(static_cast<std::size_t>(level));
}

std::string_view to_text(WhenSilent choice) {
  return silent_choices.at(static_cast<std::size_t>(choice));
}

Result<WhenSilent> parse_when_silent(std::string_view text) {
  const auto index = index_of(silent_choices, text);
  if (!index) return not_one_of("a choice for silent owners", text);
  return static_cast<WhenSilent>(*index);
}

Result<KeyType> parse_key_type(std::string_view text) {
  const auto index = index_of(key_types, text);
  if (!index) return not_one_of("a key type", text);
  return static_cast<KeyType>(*index);
}

Result<AuthType> parse_auth_type(std::string_view text) {
  const auto index = index_of(auth_types, text);
  if (!index) return not_one_of("an authType", text);
  return static_cast<AuthType>(*index);
}

Result<PolicyLevel> parse_policy_level(std::string_view text) {
  const auto index = index_of(policy_levels, text);
  if (!index) return not_one_of("a policy level", text);
  return static_cast<PolicyLevel>(*index);
}

// The members of each struct, in the order of its declaration: one list for both directions. `Self`
// is const when it is written.
#define GH_FIELDS(Type)                                    \
  template <typename Visitor, typename Self>               \
    requires std::same_as<std::remove_const_t<Self>, Type> \
  static void describe(Visitor& visit, Self& self)

GH_FIELDS(DeployedOperation) {
  visit.required("verb", self.verb);
  visit.required("target", self.target);
  visit.optional("auth", self.auth);
  visit.optional("policy", self.policy);
  visit.optional("scopes", self.scopes);
}

GH_FIELDS(DeployedEndpoints) {
  visit.optional("urls", self.urls);
  visit.optional("timeout_ms", self.timeout_ms);
}

GH_FIELDS(CorsPolicy) {
  visit.optional("enabled", self.enabled);
  visit.optional("allow_credentials", self.allow_credentials);
  visit.optional("origins", self.origins);
  visit.optional("headers", self.headers);
  visit.optional("methods", self.methods);
}

GH_FIELDS(BackendCertificate) {
  visit.required("url", self.url);
  visit.required("pem", self.pem);
}

GH_FIELDS(ApiCertificate) {
  visit.required("thumbprint", self.thumbprint);
  visit.optional("key_type", self.key_type);
  visit.optional("policy", self.policy);
  visit.optional("not_before_ms", self.not_before);
  visit.optional("not_after_ms", self.not_after);
}

GH_FIELDS(DeployedApi) {
  visit.required("id", self.id);
  visit.optional("tenant", self.tenant);
  visit.optional("tenant_domain", self.tenant_domain);
  visit.optional("provider", self.provider);
  visit.required("name", self.name);
  visit.required("version", self.version);
  visit.required("context", self.context);
  visit.optional("revision_id", self.revision_id);
  visit.optional("vhost", self.vhost);
  visit.optional("environment", self.environment);
  visit.optional("state", self.state);
  visit.optional("is_default_version", self.is_default_version);
  visit.optional("websocket", self.websocket);
  visit.optional("http", self.http);
  visit.optional("https", self.https);
  visit.optional("security_schemes", self.security_schemes);
  visit.optional("key_managers", self.key_managers);
  visit.optional("authorization_header", self.authorization_header);
  visit.optional("api_key_header", self.api_key_header);
  visit.optional("api_policy", self.api_policy);
  visit.optional("operations", self.operations);
  visit.optional("production", self.production);
  visit.optional("sandbox", self.sandbox);
  visit.optional("backend_certificates", self.backend_certificates);
  visit.optional("client_certificates", self.client_certificates);
  visit.optional("production_tps_max", self.production_tps_max);
  visit.optional("sandbox_tps_max", self.sandbox_tps_max);
  visit.optional("cors", self.cors);
}

GH_FIELDS(KnownApplication) {
  visit.required("id", self.id);
  visit.optional("tenant", self.tenant);
  visit.optional("name", self.name);
  visit.optional("owner", self.owner);
  visit.optional("policy", self.policy);
  visit.optional("status", self.status);
}

GH_FIELDS(KnownKeyMapping) {
  visit.required("id", self.id);
  visit.optional("tenant", self.tenant);
  visit.required("client_id", self.client_id);
  visit.required("application_id", self.application_id);
  visit.optional("key_type", self.key_type);
  visit.optional("key_manager", self.key_manager);
}

GH_FIELDS(KnownSubscription) {
  visit.required("id", self.id);
  visit.optional("tenant", self.tenant);
  visit.required("api_id", self.api_id);
  visit.required("application_id", self.application_id);
  visit.optional("policy", self.policy);
  visit.optional("status", self.status);
}

GH_FIELDS(KnownPolicy) {
  visit.required("id", self.id);
  visit.optional("tenant", self.tenant);
  visit.required("level", self.level);
  visit.required("name", self.name);
  visit.optional("unlimited", self.unlimited);
  visit.optional("quota", self.quota);
  visit.optional("window_s", self.window_s);
  visit.optional("burst", self.burst);
  visit.optional("burst_window_s", self.burst_window_s);
  visit.optional("stop_on_quota_reach", self.stop_on_quota_reach);
  visit.optional("per_user", self.per_user);
  visit.optional("when_silent", self.when_silent);
}

GH_FIELDS(KnownApiKey) {
  visit.required("id", self.id);
  visit.optional("tenant", self.tenant);
  visit.required("hash", self.hash);
  visit.required("application_id", self.application_id);
  visit.optional("api_id", self.api_id);
  visit.optional("key_type", self.key_type);
  visit.optional("user", self.user);
  visit.optional("expires_at_ms", self.expires_at);
  visit.optional("permitted_addresses", self.permitted_addresses);
  visit.optional("permitted_referers", self.permitted_referers);
}

GH_FIELDS(KnownSigningKey) {
  visit.required("kid", self.kid);
  visit.optional("tenant", self.tenant);
  visit.optional("issuer", self.issuer);
  visit.required("jwk", self.jwk);
}

GH_FIELDS(KnownKeyManager) {
  visit.required("id", self.id);
  visit.optional("tenant", self.tenant);
  visit.required("name", self.name);
  visit.optional("issuer", self.issuer);
  visit.optional("audience", self.audience);
  visit.optional("verify_jwt", self.verify_jwt);
  visit.optional("consumer_key_claim", self.consumer_key_claim);
  visit.optional("scopes_claim", self.scopes_claim);
  visit.optional("user_claim", self.user_claim);
  visit.optional("application_claim", self.application_claim);
  visit.optional("application_value", self.application_value);
  visit.optional("key_set", self.key_set);
}

GH_FIELDS(Revocation) {
  visit.required("number", self.number);
  visit.optional("tenant", self.tenant);
  visit.required("kind", self.kind);
  visit.required("value", self.value);
  visit.optional("issued_before_ms", self.issued_before);
  visit.optional("expires_at_ms", self.expires_at);
}

GH_FIELDS(Validation) {
  visit.required("active", self.active);
  visit.optional("code", self.code);
  visit.optional("tenant", self.tenant);
  visit.optional("client_id", self.client_id);
  visit.optional("user_id", self.user_id);
  visit.optional("user", self.user);
  visit.optional("family", self.family);
  visit.optional("scopes", self.scopes);
  visit.optional("issued_at_ms", self.issued_at);
  visit.optional("expires_at_ms", self.expires_at);
  visit.optional("key_manager", self.key_manager);
  visit.optional("remember_s", self.remember_s);
  visit.optional("key_thumbprint", self.key_thumbprint);
  visit.optional("certificate_thumbprint", self.certificate_thumbprint);
  visit.optional("audiences", self.audiences);
  visit.optional("actor", self.actor);
  visit.optional("user_tenant", self.user_tenant);
}

#undef GH_FIELDS

json::object to_json(const DeployedApi& api) { return write_fields(api); }
json::object to_json(const KnownApplication& application) { return write_fields(application); }
json::object to_json(const KnownKeyMapping& mapping) { return write_fields(mapping); }
json::object to_json(const KnownSubscription& subscription) { return write_fields(subscription); }
json::object to_json(const KnownPolicy& policy) { return write_fields(policy); }
json::object to_json(const KnownApiKey& key) { return write_fields(key); }
json::object to_json(const KnownSigningKey& key) { return write_fields(key); }
json::object to_json(const KnownKeyManager& manager) { return write_fields(manager); }
std::string user_and_client(std::string_view user_id, std::string_view client_id) {
  return fmt::format("{} {}", user_id, client_id);
}

json::object to_json(const Revocation& revocation) { return write_fields(revocation); }
json::object to_json(const Validation& validation) { return write_fields(validation); }

Result<DeployedApi> deployed_api_from(const json::object& object) {
  return read_fields<DeployedApi>(object);
}
Result<KnownApplication> known_application_from(const json::object& object) {
  return read_fields<KnownApplication>(object);
}
Result<KnownKeyMapping> known_key_mapping_from(const json::object& object) {
  return read_fields<KnownKeyMapping>(object);
}
Result<KnownSubscription> known_subscription_from(const json::object& object) {
  return read_fields<KnownSubscription>(object);
}
Result<KnownPolicy> known_policy_from(const json::object& object) {
  return read_fields<KnownPolicy>(object);
}
Result<KnownApiKey> known_api_key_from(const json::object& object) {
  return read_fields<KnownApiKey>(object);
}
Result<KnownSigningKey> known_signing_key_from(const json::object& object) {
  return read_fields<KnownSigningKey>(object);
}
Result<KnownKeyManager> known_key_manager_from(const json::object& object) {
  return read_fields<KnownKeyManager>(object);
}
Result<Revocation> revocation_from(const json::object& object) {
  return read_fields<Revocation>(object);
}
Result<Validation> validation_from(const json::object& object) {
  return read_fields<Validation>(object);
}

}  // namespace gatehouse::model
