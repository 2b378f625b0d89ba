// SPDX-License-Identifier: Apache-2.0
#include "keymanager/registered_metadata.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "http/web_url.h"
#include "jose/key_set.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

namespace {

enum class Kind : std::uint8_t { text, texts, flag, number, object, web_url, key_url };

struct Member {
  const char* name;
  Kind kind;
};

constexpr Member members[] = {
    {"redirect_uris", Kind::texts},
    {"token_endpoint_auth_method", Kind::text},
    {"token_endpoint_auth_signing_alg", Kind::text},
    {"grant_types", Kind::texts},
    {"response_types", Kind::texts},
    {"client_name", Kind::text},
    {"client_uri", Kind::web_url},
    {"logo_uri", Kind::web_url},
    {"tos_uri", Kind::web_url},
    {"policy_uri", Kind::web_url},
    {"scope", Kind::text},
    {"contacts", Kind::texts},
    {"jwks_uri", Kind::key_url},
    {"jwks", Kind::object},
    {"software_id", Kind::text},
    {"software_version", Kind::text},
    {"application_type", Kind::text},
    {"subject_type", Kind::text},
    {"id_token_signed_response_alg", Kind::text},
    {"userinfo_signed_response_alg", Kind::text},
    {"access_token_signed_response_alg", Kind::text},
    {"default_max_age", Kind::number},
    {"require_auth_time", Kind::flag},
    {"default_acr_values", Kind::texts},
    {"initiate_login_uri", Kind::web_url},
    {"post_logout_redirect_uris", Kind::texts},
    {"tls_client_auth_subject_dn", Kind::text},
    {"tls_client_auth_san_dns", Kind::text},
    {"tls_client_auth_san_uri", Kind::text},
    {"tls_client_auth_san_ip", Kind::text},
    {"tls_client_auth_san_email", Kind::text},
    {"tls_client_certificate_bound_access_tokens", Kind::flag},
    {"require_pushed_authorization_requests", Kind::flag},
    {"dpop_bound_access_tokens", Kind::flag},
};

// Who asks for these counts on them, and would be worse off if they were left out.
constexpr std::array not_offered{
    "id_token_encrypted_response_alg",      "id_token_encrypted_response_enc",
    "userinfo_encrypted_response_alg",      "userinfo_encrypted_response_enc",
    "request_object_signing_alg",           "request_object_encryption_alg",
    "request_object_encryption_enc",        "request_uris",
    "require_signed_request_object",        "authorization_signed_response_alg",
    "authorization_encrypted_response_alg", "authorization_encrypted_response_enc",
    "introspection_signed_response_alg",    "introspection_encrypted_response_alg",
    "introspection_encrypted_response_enc", "sector_identifier_uri"};

constexpr std::size_t text_bytes_max = 2048;
constexpr std::size_t list_max = 64;

constexpr std::array auth_methods{"none",
                                  "client_secret_basic",
                                  "client_secret_post",
                                  "private_key_jwt",
                                  "tls_client_auth",
                                  "self_signed_tls_client_auth"};
constexpr std::array token_responses{"token", "id_token", "id_token token", "token id_token"};
constexpr std::array grant_types{"authorization_code",
                                 "client_credentials",
                                 "refresh_token",
                                 "password",
                                 "urn:ietf:params:oauth:grant-type:device_code",
                                 "urn:ietf:params:oauth:grant-type:jwt-bearer",
                                 "urn:ietf:params:oauth:grant-type:saml2-bearer",
                                 "urn:ietf:params:oauth:grant-type:token-exchange"};
tl::unexpected<Error> wrong(std::string_view member, std::string_view why) {
  return refuse(invalid_client_metadata, fmt::format("'{}' {}", member, why));
}

template <std::size_t size>
bool is_one_of(const std::array<const char*, size>& all, std::string_view text) {
  return std::any_of(all.begin(), all.end(), [&](const char* one) { return text == one; });
}

bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= text_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

bool is_web_url(const json::value& value) {
  return value.is_string() && is_plain(value.get_string()) &&
         !http::host_of(value.get_string()).empty();
}

// https; http on the loopback of a native client; or a scheme of its own in reverse domain form.
bool is_redirect_uri(std::string_view uri) {
  if (!is_plain(uri) || uri.find('#') != std::string_view::npos ||
      uri.find('*') != std::string_view::npos) {
    return false;
  }
  const std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string scheme = to_lower(uri.substr(0, colon));
  if (scheme == "https") return !http::host_of(uri).empty();
  if (scheme == "http") return http::is_loopback_host(http::host_of(uri));
  const bool named = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '.' || c == '-' || c == '+';
  });
  return named && scheme.find('.') != std::string::npos;
}

// Letters that RFC 6749, section 3.3, allows in a scope, between spaces.
bool is_scope(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == ' ' || c == '!' || (c >= '#' && c <= '[') || (c >= ']' && c <= '~');
  });
}

bool is_list_of_texts(const json::value& value) {
  if (!value.is_array() || value.get_array().size() > list_max) return false;
  return std::all_of(value.get_array().begin(), value.get_array().end(), [](const json::value& e) {
    return e.is_string() && e.get_string().size() <= text_bytes_max && !e.get_string().empty();
  });
}

bool fits(const json::value& value, Kind kind) {
  switch (kind) {
    case Kind::text: return value.is_string() && value.get_string().size() <= text_bytes_max;
    case Kind::texts: return is_list_of_texts(value);
    case Kind::flag: return value.is_bool();
    case Kind::number: return value.is_int64() && value.get_int64() >= 0;
    case Kind::object: return value.is_object();
    case Kind::web_url: return is_web_url(value);
    case Kind::key_url: return is_web_url(value) && http::is_tamper_proof(value.get_string());
  }
  GH_ASSERT_NOT_REACHED();
}

// "client_name#ja" is the Japanese form of client_name (RFC 7591, section 2.2).
std::string_view without_language(std::string_view name) { return name.substr(0, name.find('#')); }

const Member* member_named(std::string_view name) {
  const auto found = std::find_if(std::begin(members), std::end(members),
                                  [&](const Member& member) { return name == member.name; });
  return found == std::end(members) ? nullptr : found;
}

Result<json::object> known_members(const json::object& wanted) {
  json::object known;
  for (const auto& [name, value] : wanted) {
    const Member* member = member_named(without_language(name));
    if (member == nullptr || value.is_null()) continue;
    if (!fits(value, member->kind)) {
      const bool redirect = name == "redirect_uris";
      if (redirect) return refuse(invalid_redirect_uri, "'redirect_uris' must be a list of URIs");
      return wrong(name, "is of a wrong form");
    }
    known[name] = value;
  }
  return known;
}

bool has(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

void fill_defaults(json::object& known) {
  if (!known.contains("token_endpoint_auth_method")) {
    known["token_endpoint_auth_method"] = "client_secret_basic";
  }
  if (!known.contains("grant_types")) known["grant_types"] = json::array{"authorization_code"};
  if (known.contains("response_types")) return;
  const std::vector<std::string> grants = texts_of(known, "grant_types");
  json::array types;
  if (has(grants, "authorization_code")) types.emplace_back("code");
  if (has(grants, "implicit")) types.emplace_back("token");
  known["response_types"] = std::move(types);
}

Result<> check_redirects(const json::object& known) {
  const std::vector<std::string> uris = texts_of(known, "redirect_uris");
  for (const std::string& uri : uris) {
    if (!is_redirect_uri(uri)) {
      return refuse(invalid_redirect_uri, fmt::format("'{}' cannot be redirected to", uri));
    }
  }
  for (const std::string& uri : texts_of(known, "post_logout_redirect_uris")) {
    if (!is_redirect_uri(uri)) return wrong("post_logout_redirect_uris", "cannot be redirected to");
  }
  const std::vector<std::string> grants = texts_of(known, "grant_types");
  if (uris.empty() && (has(grants, "authorization_code") || has(grants, "implicit"))) {
    return refuse(invalid_redirect_uri, "A client that redirects needs 'redirect_uris'");
  }
  return {};
}

// Section 2.1: grant types and response types say the same thing twice.
Result<> check_flows(const json::object& known, const Offer& offer) {
  const std::vector<std::string> grants = texts_of(known, "grant_types");
  for (const std::string& grant : grants) {
    const bool implicit = offer.implicit && grant == "implicit";
    if (!implicit && !is_one_of(grant_types, grant)) {
      return wrong("grant_types", "has one that this server does not have");
    }
  }
  const std::vector<std::string> responses = texts_of(known, "response_types");
  bool tokens = false;
  for (const std::string& response : responses) {
    if (response == "code") continue;
    tokens = is_one_of(token_responses, response);
    if (!tokens) return wrong("response_types", "has one that this server does not have");
  }
  if (has(responses, "code") != has(grants, "authorization_code") ||
      tokens != has(grants, "implicit")) {
    return wrong("response_types", "does not fit 'grant_types'");
  }
  const std::string method = text_or(known, "token_endpoint_auth_method", "");
  if (method == "none" && has(grants, "client_credentials")) {
    return wrong("grant_types", "lets nobody in who proves nothing");
  }
  return {};
}

Result<> check_keys(const json::object& known) {
  const json::object* jwks = object_at(known, "jwks");
  if (jwks != nullptr && known.contains("jwks_uri")) return wrong("jwks", "excludes 'jwks_uri'");
  if (jwks != nullptr) {
    const json::array* keys = array_at(*jwks, "keys");
    if (keys == nullptr || keys->empty()) return wrong("jwks", "has no keys");
    for (const json::value& key : *keys) {
      if (!key.is_object() || !jose::PublicKey::from_jwk(key.get_object())) {
        return wrong("jwks", "has a key that cannot be used, or a secret one");
      }
    }
  }
  const std::string method = text_or(known, "token_endpoint_auth_method", "");
  const bool signs = method == "private_key_jwt" || method == "self_signed_tls_client_auth";
  if (signs && jwks == nullptr && !known.contains("jwks_uri")) {
    return wrong("jwks", "is missing: this client proves itself with a key");
  }
  const bool by_subject = method == "tls_client_auth";
  const auto names = {"tls_client_auth_subject_dn", "tls_client_auth_san_dns",
                      "tls_client_auth_san_uri", "tls_client_auth_san_ip",
                      "tls_client_auth_san_email"};
  const auto named = std::count_if(names.begin(), names.end(),
                                   [&](const char* name) { return known.contains(name); });
  if (by_subject && named != 1) {
    return wrong("token_endpoint_auth_method", "needs one name in the certificate");
  }
  return {};
}

Result<> check_algorithms(const json::object& known, const Offer& offer) {
  const std::string proof = text_or(known, "token_endpoint_auth_signing_alg", "");
  if (!proof.empty() && !jose::parse_algorithm(proof)) {
    return wrong("token_endpoint_auth_signing_alg", "is one that this server does not take");
  }
  for (const char* name : {"id_token_signed_response_alg", "userinfo_signed_response_alg",
                           "access_token_signed_response_alg"}) {
    if (!known.contains(name)) continue;
    const Result<jose::Algorithm> algorithm = jose::parse_algorithm(text_or(known, name, ""));
    const bool offered = algorithm && std::find(offer.signing.begin(), offer.signing.end(),
                                                *algorithm) != offer.signing.end();
    if (!offered) return wrong(name, "is one that this server does not sign with");
  }
  return {};
}

Result<> check_choices(const json::object& known) {
  if (!is_one_of(auth_methods, text_or(known, "token_endpoint_auth_method", ""))) {
    return wrong("token_endpoint_auth_method", "is one that we do not know");
  }
  const std::string type = text_or(known, "application_type", "web");
  if (type != "web" && type != "native") return wrong("application_type", "is 'web' or 'native'");
  if (text_or(known, "subject_type", "public") != "public") {
    return wrong("subject_type", "can be 'public' only");
  }
  if (!is_scope(text_or(known, "scope", ""))) return wrong("scope", "has a letter it may not have");
  return {};
}

}  // namespace

std::vector<std::string_view> registered_members() {
  std::vector<std::string_view> names;
  for (const Member& member : members) names.emplace_back(member.name);
  return names;
}

Result<json::object> registered_metadata(const json::object& wanted, const Offer& offer) {
  // Nobody whose word we would take signs them.
  if (wanted.contains("software_statement")) {
    return refuse(unapproved_software_statement, "Software statements are not taken here");
  }
  for (const char* name : not_offered) {
    const json::value* value = wanted.if_contains(name);
    if (value == nullptr || value->is_null() || *value == json::value(false)) continue;
    return wrong(name, "is not offered here");
  }
  GH_TRY(known, known_members(wanted));
  fill_defaults(known);
  GH_CHECK(check_choices(known));
  GH_CHECK(check_algorithms(known, offer));
  GH_CHECK(check_flows(known, offer));
  GH_CHECK(check_redirects(known));
  GH_CHECK(check_keys(known));
  return known;
}

}  // namespace gatehouse::keymanager
