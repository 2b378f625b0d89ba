// SPDX-License-Identifier: Apache-2.0
//
// Authorization codes: what /oauth2/authorize hands out and the grant takes back. A code is 256
// random bits, holds for a minute and once; the table has its SHA-256.
//
// Thread:  pool threads.
// Source:  RFC 6749, sections 4.1.2 and 10.5; RFC 9700, section 4.2.4.
#pragma once

#include "keymanager/authorize/authorization_request.h"
#include "keymanager/browser/sessions.h"
#include "keymanager/options.h"
#include "storage/apis/authorization_code_store.h"

namespace gatehouse::keymanager {

// What a code stands for, beyond the columns of its row.
struct CodeTerms {
  std::string redirect_uri;
  bool redirect_given = false;
  std::string challenge;
  std::vector<std::string> scopes;
  std::string key_thumbprint;  // of the DPoP key that the client bound the code to; may be empty
  SignOn sign_on;
  std::string session;  // sid of the browser's session
};

json::object to_json(const CodeTerms& terms);
CodeTerms code_terms_from(const json::object& object);

class Codes {
 public:
  static constexpr std::chrono::seconds lifetime{60};
  // How long a second use is still recognised.
  static constexpr std::chrono::hours memory{24};

  explicit Codes(const Resources& resources)
      : apis_(resources.apis), clock_(resources.clock), random_(resources.random) {}

  // `scopes`: what the user has agreed to. The pushed request goes in the same write.
  Result<std::string> issue(const AuthorizationRequest& request, const Session& session,
                            const std::vector<std::string>& scopes);
  Result<std::optional<storage::StoredCode>> find(std::string_view code) const;

 private:
  storage::Database& apis_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace gatehouse::keymanager
