// SPDX-License-Identifier: Apache-2.0
//
// GET and POST /oauth2/authorize: a client sends a browser here; the user signs on, agrees, and
// goes back with an answer. The pages post to the same path, so they work behind a gateway as well.
//
//   302, 303  back to the client, with code, state and iss, or with error
//   200       a page: sign in, choose an account, consent; form_post's form
//   400       a page: no such client, or a redirect URI that is not the client's; nothing is sent
//             anywhere
//   403       a page: a form that is not ours
//
// A cross-site POST brings no cookie (SameSite=Lax), so its user is asked to sign in even while
// signed on; a GET is not concerned.
//
// Thread:  pool threads.
// Source:  RFC 6749, section 4.1; RFC 9207; RFC 9126, section 4; OpenID Connect Core 1.0, sections
//          3.1.2 and 3.2; RFC 9700.
#pragma once

#include "keymanager/authorize/authorization_answer.h"
#include "keymanager/authorize/codes.h"
#include "keymanager/authorize/consents.h"
#include "keymanager/authorize/pushed_requests.h"
#include "keymanager/browser/sign_in.h"
#include "keymanager/scope_policy.h"
#include "keymanager/token_issuer.h"

namespace gatehouse::keymanager {

// What answers with; each outlives the endpoint.
struct AuthorizationParts {
  const Pages& pages;
  const Themes& themes;
  SignIn& sign_in;
  Sessions& sessions;
  Codes& codes;
  Consents& consents;
  PushedRequests& pushed;
  const Directory& directory;
  const ScopePolicy& scopes;
  TokenIssuer& issuer;
  const SigningKeys& keys;
};

class AuthorizationEndpoint {
 public:
  AuthorizationEndpoint(const Resources& resources, const Options& options,
                        const AuthorizationParts& parts);

  http::Response handle(const http::Request& request);

 private:
  enum class Freshness : std::uint8_t { known, just_signed_in };

  // One request on its way through the checks.
  struct Visit {
    Browser browser;
    storage::Client client;
    AuthorizationRequest request;
    AnswerOrigin origin;
    std::optional<Session> session{};
    Freshness freshness = Freshness::known;
    std::string cookie{};  // to be set with whatever is answered
  };

  http::Response start(const http::Request& request, const Browser& browser, Form form);
  http::Response go_on(const Browser& browser, const Form& form);
  http::Response proceed(Visit& visit);
  http::Response proceed_signed_in(Visit& visit);
  http::Response finish(Visit& visit, const std::vector<std::string>& scopes);
  http::Response take_consent(Visit& visit, const Form& form, const json::object& memory);
  http::Response take_account(Visit& visit, const Form& form);

  http::Response ask_password(const Visit& visit) const;
  http::Response ask_account(const Visit& visit) const;
  http::Response ask_consent(const Visit& visit, const std::vector<std::string>& scopes) const;
  http::Response refuse_to(const Visit& visit, const Error& error) const;

  bool must_sign_in(const Visit& visit) const;
  // False when the hint names another user than the one who is signed on.
  bool fits_hint(const Visit& visit) const;
  Result<storage::Client> client_of(const Form& form) const;
  AnswerOrigin origin_for(const storage::Client& client) const;
  ImplicitGrant implicit_of(model::TenantNumber tenant) const;
  Result<AnswerFields> answer_of(const Visit& visit, const std::vector<std::string>& scopes);
  json::object memory_of(const Visit& visit, std::string_view step) const;
  Result<Visit> recall(const Browser& browser, const json::object& memory) const;

  storage::Database& apis_;
  const Clock& clock_;
  const std::string issuer_;
  const std::vector<std::string> implicit_tenants_;
  const AuthorizationParts parts_;
};

}  // namespace gatehouse::keymanager
