// SPDX-License-Identifier: Apache-2.0
//
// API keys as the portal makes and shows them.
//
// Thread:  pure functions.
#pragma once

#include "core/random.h"
#include "rest/call.h"
#include "rest/problem.h"
#include "storage/apis/api_key_store.h"

namespace gatehouse::devportal {

struct MadeApiKey {
  std::string text;  // shown once
  storage::ApiKeyRow row;
};

// A key with the name, life and restrictions that the body of a request wants; whose it is, is up
// to the caller.
// Error: invalid_argument, when a permitted address is no address and no network.
Result<MadeApiKey> make_api_key(Random& random, const rest::Call& call, Instant now);
// The same key with another text; its life begins anew.
MadeApiKey renew_api_key(Random& random, storage::ApiKeyRow row, Instant now);

// {keyName, apikey, validityPeriod}: the answer that has the key.
json::object made_view(const MadeApiKey& key);
// {keyUUID, keyName, issuedOn, validityPeriod, lastUsed}: without it.
json::object info_view(const storage::ApiKeyRow& key);

}  // namespace gatehouse::devportal
