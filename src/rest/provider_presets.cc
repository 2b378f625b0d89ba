// SPDX-License-Identifier: Apache-2.0
#include "rest/provider_presets.h"

#include <array>

#include "core/text.h"

namespace gatehouse::rest {

namespace {

constexpr ProviderPreset presets[] = {
    // `azp` is the client; a service account is a user named after it.
    {"KeyCloak", "Keycloak", "https://{host}/realms/{realm}/.well-known/openid-configuration",
     "azp", "scope", "preferred_username", "preferred_username", "service-account-{client}"},
    // `cid` and `scp` (a list); client credentials have the client as `sub`.
    {"Okta", "Okta", "https://{host}/oauth2/default/.well-known/openid-configuration", "cid", "scp",
     "sub", "sub", "{client}"},
    // `azp`; client credentials have the subject "<client>@clients".
    {"Auth0", "Auth0", "https://{host}/.well-known/openid-configuration", "azp", "scope", "sub",
     "sub", "{client}@clients"},
    // Version 2.0 tokens: `azp`, `scp`; `idtyp` is "app" where no user is meant.
    {"AzureAD", "Microsoft Entra ID",
     "https://login.microsoftonline.com/{tenant}/v2.0/.well-known/openid-configuration", "azp",
     "scp", "preferred_username", "idtyp", "app"},
    // `azp` and `scope`; `aut` says whether an application or its user is meant.
    {"WSO2-IS", "WSO2 Identity Server",
     "https://{host}/oauth2/token/.well-known/openid-configuration", "azp", "scope", "username",
     "aut", "APPLICATION"},
};

void fill(json::object& object, std::string_view name, std::string_view value) {
  if (text_or(object, name, "").empty()) object[name] = value;
}

}  // namespace

std::span<const ProviderPreset> provider_presets() { return presets; }

const ProviderPreset* provider_preset(std::string_view type) {
  for (const ProviderPreset& preset : presets) {
    if (equals_ignoring_case(preset.type, type)) return &preset;
  }
  return nullptr;
}

void apply_preset(json::object& key_manager) {
  const ProviderPreset* preset = provider_preset(text_or(key_manager, "type", ""));
  if (preset == nullptr) return;
  fill(key_manager, "consumerKeyClaim", preset->consumer_key_claim);
  fill(key_manager, "scopesClaim", preset->scopes_claim);
  if (object_at(key_manager, "additionalProperties") == nullptr) {
    key_manager["additionalProperties"] = json::object();
  }
  json::object& more = key_manager["additionalProperties"].as_object();
  fill(more, "user_claim", preset->user_claim);
  if (!text_or(more, "application_claim", "").empty()) return;
  more["application_claim"] = preset->application_claim;
  more["application_value"] = preset->application_value;
}

json::object key_manager_from_metadata(const json::object& metadata, std::string_view type) {
  constexpr std::array<std::pair<const char*, const char*>, 6> members{
      {{"introspectionEndpoint", "introspection_endpoint"},
       {"clientRegistrationEndpoint", "registration_endpoint"},
       {"tokenEndpoint", "token_endpoint"},
       {"revokeEndpoint", "revocation_endpoint"},
       {"userInfoEndpoint", "userinfo_endpoint"},
       {"authorizeEndpoint", "authorization_endpoint"}}};
  json::object resource;
  const ProviderPreset* preset = provider_preset(type);
  resource["name"] = preset == nullptr ? text_or(metadata, "issuer", "") : preset->name;
  resource["type"] = type;
  resource["issuer"] = text_or(metadata, "issuer", "");
  for (const auto& [name, from] : members) resource[name] = text_or(metadata, from, "");
  resource["displayTokenEndpoint"] = resource["tokenEndpoint"];
  resource["displayRevokeEndpoint"] = resource["revokeEndpoint"];
  resource["certificates"] =
      json::object{{"type", "JWKS"}, {"value", text_or(metadata, "jwks_uri", "")}};
  resource["availableGrantTypes"] = to_json(texts_of(metadata, "grant_types_supported"));
  resource["enabled"] = true;
  resource["enableOAuthAppCreation"] = metadata.contains("registration_endpoint");
  resource["enableMapOAuthConsumerApps"] = true;
  resource["enableSelfValidationJWT"] = true;
  apply_preset(resource);
  return resource;
}

}  // namespace gatehouse::rest
