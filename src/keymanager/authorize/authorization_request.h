// SPDX-License-Identifier: Apache-2.0
//
// What a client asks of /oauth2/authorize, read and checked. A request whose client or redirect URI
// does not hold has nowhere to answer to; any other fault goes back to the client.
//
// Thread:  plain values and pure functions.
// Source:  RFC 6749, section 4.1.1; OpenID Connect Core 1.0, section 3.1.2.1; RFC 7636; OAuth 2.0
//          Multiple Response Type Encoding Practices; OAuth 2.0 Form Post Response Mode.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "keymanager/form.h"
#include "storage/apis/client_store.h"

namespace gatehouse::keymanager {

enum class ResponseMode : std::uint8_t { query, fragment, form_post };

// Where an answer goes, and what goes with each.
struct ReturnAddress {
  std::string redirect_uri;
  ResponseMode mode = ResponseMode::query;
  std::string state;
};

struct AuthorizationRequest {
  std::string client_id;
  ReturnAddress back;
  bool redirect_given = false;  // the client named the redirect URI itself
  std::string response_type;    // "code", "token", "id_token" or "id_token token"
  std::vector<std::string> scopes;
  std::string challenge;
  std::string key_thumbprint;  // dpop_jkt (RFC 9449, section 10); may be empty
  std::string nonce;
  std::vector<std::string> prompts;
  std::optional<std::int64_t> max_age_seconds;
  std::vector<std::string> acr_values;
  std::string login_hint;
  std::string id_token_hint;
  std::string pushed_hash;  // of the pushed request that this one was; empty without

  bool has_prompt(std::string_view prompt) const;
  bool asks_for(std::string_view response) const;  // a word of response_type
};

enum class ImplicitGrant : std::uint8_t { off, on };

// Error: invalid_request, when the redirect URI is missing, malformed or not the client's: nothing
//        may be sent there.
Result<ReturnAddress> return_address(const Form& form, const storage::Client& client);

// The rest of the request. Error: one of oauth_error.h, for the return address.
Result<AuthorizationRequest> authorization_request(const Form& form, const storage::Client& client,
                                                   ImplicitGrant implicit);

// As it travels through our pages.
json::object to_json(const AuthorizationRequest& request);
AuthorizationRequest authorization_request_from(const json::object& object);

}  // namespace gatehouse::keymanager
