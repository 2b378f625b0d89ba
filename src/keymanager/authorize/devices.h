// SPDX-License-Identifier: Apache-2.0
//
// Lets in devices without a browser: the device shows a short code, the user types it on a page.
//
//   POST /oauth2/device_authorize  200 device_code, user_code, verification_uri, …
//   GET  /oauth2/device            a page with a field user_code; ?user_code= fills it in
//   POST /oauth2/device            the next page: sign in, agree, done
//
// A user code has 8 of 20 consonants, 34 bits, and holds for ten minutes; wrong ones slow down the
// address that tries them (attempts.h).
//
// Thread:  pool threads.
// Source:  RFC 8628, sections 3.1 to 3.3, 5.1 and 6.1.
#pragma once

#include "keymanager/authorize/consents.h"
#include "keymanager/browser/sign_in.h"
#include "keymanager/client_authentication.h"
#include "keymanager/scope_policy.h"
#include "storage/apis/device_store.h"

namespace gatehouse::keymanager {

struct DeviceParts {
  const Pages& pages;
  SignIn& sign_in;
  Sessions& sessions;
  Attempts& attempts;
  const ClientAuthentication& clients;
  const ScopePolicy& scopes;
};

class Devices {
 public:
  static constexpr std::chrono::minutes lifetime{10};
  static constexpr std::int64_t interval_seconds = 5;

  Devices(const Resources& resources, const Options& options, const DeviceParts& parts);

  http::Response authorize(const http::Request& request);
  http::Response show(const http::Request& request);
  http::Response take(const http::Request& request);

 private:
  Result<json::object> begin(const http::Request& request);
  Result<storage::Device> find_pending(const std::string& hash) const;
  Result<storage::Client> client_of(const storage::Device& device) const;

  http::Response ask_code(const Browser& browser, const Markup& message, std::string_view code,
                          int status) const;
  http::Response take_code(const Browser& browser, const Form& form);
  http::Response ask_consent(const Browser& browser, const Session& session,
                             const json::object& memory) const;
  http::Response take_consent(const Browser& browser, const Form& form, const json::object& memory);
  http::Response show_done(const Browser& browser, const storage::Device& device) const;

  storage::Database& apis_;
  const Clock& clock_;
  Random& random_;
  const std::string page_url_;
  const DeviceParts parts_;
};

}  // namespace gatehouse::keymanager
