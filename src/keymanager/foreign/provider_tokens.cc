// SPDX-License-Identifier: Apache-2.0
#include "keymanager/foreign/provider_tokens.h"

#include <re2/re2.h>

#include <algorithm>

#include "core/digest.h"
#include "core/text.h"
#include "jose/claims.h"
#include "jose/jwt.h"
#include "model/foreign_token.h"

namespace gatehouse::keymanager {

namespace {

using model::Validation;
using storage::KeyManagerRow;
using storage::Transaction;

constexpr std::size_t token_bytes_max = 16 * 1024;
constexpr std::string_view sealed_as = "key_manager";

std::string property(const KeyManagerRow& provider, std::string_view name) {
  const json::object* more = object_at(provider.document, "additionalProperties");
  return more == nullptr ? "" : text_or(*more, name, "");
}

std::string introspection_url(const KeyManagerRow& provider) {
  return text_or(provider.document, "introspectionEndpoint", "");
}

std::chrono::seconds cache_time(const KeyManagerRow& provider) {
  const json::object* more = object_at(provider.document, "additionalProperties");
  if (more == nullptr) return std::chrono::seconds(ProviderTokens::cache_seconds_usual);
  const auto text = parse_number(text_or(*more, "cache_seconds", ""));
  const std::int64_t seconds =
      text ? static_cast<std::int64_t>(std::min<std::uint64_t>(*text, INT32_MAX))
           : number_or(*more, "cache_seconds", ProviderTokens::cache_seconds_usual);
  return std::chrono::seconds(
      std::clamp<std::int64_t>(seconds, 1, ProviderTokens::cache_seconds_max));
}

// Patterns of tokens that the provider issues; without any, every token may be its own.
bool fits_patterns(const KeyManagerRow& provider, const std::string& token) {
  const json::array* rules = array_at(provider.document, "tokenValidation");
  bool restricted = false;
  for (const json::value& item : rules == nullptr ? json::array() : *rules) {
    const json::object* rule = item.if_object();
    if (rule == nullptr || !flag_or(*rule, "enable", true)) continue;
    const json::object* value = object_at(*rule, "value");
    const std::string pattern = value == nullptr ? "" : text_or(*value, "pattern", "");
    if (pattern.empty()) continue;
    restricted = true;
    const re2::RE2 expression(pattern, re2::RE2::Quiet);
    if (expression.ok() && re2::RE2::FullMatch(token, expression)) return true;
  }
  return !restricted;
}

// What a JWT says of its issuer decides only who is asked about it.
std::string issuer_of(const std::string& token) {
  if (!jose::looks_like_jwt(token)) return "";
  const std::vector<std::string_view> parts = split(token, '.');
  const Result<std::string> payload = from_base64url(parts[1]);
  if (!payload) return "";
  const Result<json::object> claims = parse_json_object(*payload);
  return claims ? text_or(*claims, "iss", "") : "";
}

Instant from_seconds(const json::object& answer, std::string_view name) {
  constexpr std::int64_t far = 253'402'300'800;  // the year 10000
  return Instant(
      std::chrono::seconds(std::clamp<std::int64_t>(number_or(answer, name, 0), 0, far)));
}

Validation inactive() {
  Validation validation;
  validation.code = jose::invalid_credentials;
  return validation;
}

}  // namespace

ProviderTokens::ProviderTokens(const Resources& resources)
    : apis_(resources.apis),
      clock_(resources.clock),
      fetcher_(resources.fetcher),
      sealer_(resources.sealer),
      asked_(resources.metrics.counter("gatehouse_foreign_introspections_total", "",
                                       "Questions to introspection endpoints of other servers")),
      failed_(resources.metrics.counter("gatehouse_foreign_introspection_failures_total", "",
                                        "Those that got no answer")),
      hits_(resources.metrics.counter("gatehouse_foreign_introspection_hits_total", "",
                                      "Tokens of other servers that were remembered")) {}

Result<Validation> ProviderTokens::validate(model::TenantNumber tenant, const std::string& token) {
  if (token.empty() || token.size() > token_bytes_max) return inactive();
  GH_TRY(providers, apis_.read([&](Transaction& transaction) {
    return storage::KeyManagerStore(transaction, tenant).list_usable();
  }));
  const std::string key = fmt::format("{}:{}", tenant, sha256_hex(token));
  if (const auto known = remembered(key, providers)) return *known;
  bool silent = false;
  for (const KeyManagerRow& provider : candidates(std::move(providers), token)) {
    if (!enter(provider.id)) {
      silent = true;
      continue;
    }
    asked_.add();
    Result<Validation> answer = ask(provider, token);
    // One that is everybody's speaks for each tenant by itself.
    if (answer) answer->tenant = tenant;
    leave(provider.id, answer ? Outcome::answered : Outcome::failed);
    if (!answer) {
      failed_.add();
      silent = true;
    } else if (answer->active) {
      remember(key, provider, *answer);
      return answer;
    }
  }
  if (silent) return fail(ErrorCode::unavailable, "A server that may know the token is silent");
  return inactive();
}

std::vector<KeyManagerRow> ProviderTokens::candidates(std::vector<KeyManagerRow> providers,
                                                      const std::string& token) {
  const bool is_jwt = jose::looks_like_jwt(token);
  const std::string issuer = issuer_of(token);
  std::erase_if(providers, [&](const KeyManagerRow& provider) {
    if (!provider.enabled || introspection_url(provider).empty()) return true;
    return is_jwt ? provider.issuer != issuer : !fits_patterns(provider, token);
  });
  const std::lock_guard lock(mutex_);
  // Those that answer are asked first.
  std::vector<KeyManagerRow> ordered;
  for (const bool healthy : {true, false}) {
    for (const KeyManagerRow& provider : providers) {
      if (circuits_[provider.id].healthy() == healthy) ordered.push_back(provider);
    }
  }
  return ordered;
}

Result<Validation> ProviderTokens::ask(const KeyManagerRow& provider, const std::string& token) {
  GH_TRY(answer, introspect(provider, token));
  if (!flag_or(answer, "active", false)) return inactive();
  const Instant now = clock_.now();
  const Instant expires_at = from_seconds(answer, "exp");
  const bool ends = answer.contains("exp");
  if (ends && expires_at <= now) return inactive();
  const std::string audience = property(provider, "audience");
  const json::value* aud = answer.if_contains("aud");
  if (!audience.empty()) {
    const std::vector<std::string> list = texts_of(answer, "aud");
    const bool named = (aud != nullptr && *aud == json::value(audience)) ||
                       std::find(list.begin(), list.end(), audience) != list.end();
    if (!named) return inactive();
  }
  const std::string kind = text_or(answer, "token_type", "access_token");
  if (equals_ignoring_case(kind, "refresh_token")) return inactive();
  const Result<model::ForeignIdentity> identity =
      model::foreign_identity(answer, storage::known_key_manager(provider));
  if (!identity) return inactive();
  Validation validation;
  validation.active = true;
  validation.tenant = provider.tenant;
  validation.client_id = identity->client_id;
  validation.user_id = identity->user_id;
  validation.user = identity->user;
  validation.scopes = identity->scopes;
  validation.issued_at = from_seconds(answer, "iat");
  validation.expires_at = ends ? expires_at : now + cache_time(provider);
  validation.key_manager = provider.name;
  validation.remember_s = cache_time(provider).count();
  return validation;
}

Result<json::object> ProviderTokens::introspect(const KeyManagerRow& provider,
                                                const std::string& token) const {
  http::Request request = http::make_request(
      "POST", "", "token=" + percent_encode(token) + "&token_type_hint=access_token",
      "application/x-www-form-urlencoded");
  request.headers.add("Accept", "application/json");
  if (!provider.secret.empty()) {
    GH_TRY(sealed, from_base64(provider.secret));
    GH_TRY(secret, sealer_.open(sealed, sealed_as));
    const std::string pair =
        percent_encode(property(provider, "client_id")) + ':' + percent_encode(secret);
    request.headers.add("Authorization", "Basic " + to_base64(pair));
  }
  GH_TRY(response, fetcher_.fetch(introspection_url(provider), std::move(request), deadline));
  if (response.status != 200) {
    return fail(ErrorCode::unavailable,
                fmt::format("{} answered with status {}", provider.name, response.status));
  }
  return parse_json_object(response.body);
}

bool ProviderTokens::enter(const std::string& provider_id) {
  const std::lock_guard lock(mutex_);
  return circuits_[provider_id].enter(clock_.now());
}

void ProviderTokens::leave(const std::string& provider_id, Outcome outcome) {
  const std::lock_guard lock(mutex_);
  circuits_[provider_id].leave(outcome, clock_.now());
}

// Only while the provider is set up as it was when it answered.
std::optional<Validation> ProviderTokens::remembered(const std::string& key,
                                                     const std::vector<KeyManagerRow>& providers) {
  const Instant now = clock_.now();
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second;
  const bool same = std::any_of(providers.begin(), providers.end(), [&](const auto& provider) {
    return provider.id == entry.provider_id && provider.version == entry.version;
  });
  if (!same || entry.until <= now || entry.validation.expires_at <= now) {
    entries_.erase(found);
    return std::nullopt;
  }
  hits_.add();
  Validation validation = entry.validation;
  // Whoever remembers this once more adds nothing to the time.
  validation.remember_s =
      std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(entry.until - now).count());
  return validation;
}

void ProviderTokens::remember(const std::string& key, const KeyManagerRow& provider,
                              const Validation& validation) {
  const Instant now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= entries_max) {
    std::erase_if(entries_, [now](const auto& entry) { return entry.second.until <= now; });
  }
  if (entries_.size() >= entries_max) entries_.erase(entries_.begin());
  entries_[key] = {validation, provider.id, provider.version, now + cache_time(provider)};
}

}  // namespace gatehouse::keymanager
