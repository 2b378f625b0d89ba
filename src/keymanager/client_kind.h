// SPDX-License-Identifier: Apache-2.0
//
// What the registration of a client says about how it proves itself: a public client holds no
// secret, so the proof key of each code stands in its place.
//
// Thread:  pure functions.
// Source:  RFC 6749, section 2.1; RFC 7591, section 2 (token_endpoint_auth_method "none"). WSO2's
//          developer portal says `bypassClientCredentials` for the same.
#pragma once

#include "storage/apis/client_store.h"

namespace gatehouse::keymanager {

bool is_public(const storage::Client& client);
// Also a confidential client may bind itself to proof keys: WSO2's `pkceMandatory`.
bool needs_proof_key(const storage::Client& client);

}  // namespace gatehouse::keymanager
