// SPDX-License-Identifier: Apache-2.0
//
// What is known of the access tokens of well-known servers, as data: which claims name client,
// scopes and user, and how a token of an application itself is told.
//
// Thread:  constants.
// Source:  the vendors' descriptions of their access tokens; each row names what it stands on.
#pragma once

#include <span>
#include <string_view>

#include "core/json.h"

namespace gatehouse::rest {

struct ProviderPreset {
  const char* type;  // of the REST resource
  const char* name;
  // Of the discovery URL; {host}, {realm}, {tenant} stand for what differs.
  const char* well_known;
  const char* consumer_key_claim;
  const char* scopes_claim;
  const char* user_claim;
  const char* application_claim;
  const char* application_value;
};

std::span<const ProviderPreset> provider_presets();

// The preset of a type, in any case; null: the usual claims.
const ProviderPreset* provider_preset(std::string_view type);

// Fills what `key_manager` (the REST resource) leaves open from the preset of its type.
void apply_preset(json::object& key_manager);

// The REST resource that a provider's metadata (OpenID Connect Discovery, section 3) describes.
json::object key_manager_from_metadata(const json::object& metadata, std::string_view type);

}  // namespace gatehouse::rest
