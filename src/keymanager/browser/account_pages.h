// SPDX-License-Identifier: Apache-2.0
//
// What users do for themselves. Each page needs a session and asks for one where there is none;
// what changes how somebody proves who he is needs the password or a code once more.
//
//   /oauth2/account         applications that may act for the user, to be withdrawn
//   /oauth2/password        a new password for the present one
//   /oauth2/second-factor   an authenticator app, set up or switched off
//   /oauth2/password-reset  ?token=: a new password for a token of an administrator; no session
//
// Thread:  pool threads.
#pragma once

#include "keymanager/authorize/consents.h"
#include "keymanager/browser/password_change.h"
#include "keymanager/browser/sign_in.h"

namespace gatehouse::keymanager {

struct AccountParts {
  const Pages& pages;
  SignIn& sign_in;
  Sessions& sessions;
  SecondFactor& second_factor;
  Attempts& attempts;
  Login& login;
  Consents& consents;
  PasswordChange& password_change;
  Revocations& revocations;
};

class AccountPages {
 public:
  explicit AccountPages(const AccountParts& parts) : parts_(parts) {}

  // `page`: "account", "password" or "second-factor".
  http::Response handle(const http::Request& request, std::string_view page);
  http::Response handle_reset(const http::Request& request);

 private:
  // Who looks at which page.
  struct Visit {
    Browser browser;
    std::string page;
    Session session;
  };

  http::Response show(const Visit& visit) const;
  http::Response take(const Visit& visit, const Form& form, const json::object& memory);

  http::Response show_account(const Visit& visit) const;
  http::Response take_withdrawal(const Visit& visit, const Form& form);

  http::Response show_password(const Visit& visit, const Markup& message, int status) const;
  http::Response take_password(const Visit& visit, const Form& form);

  http::Response show_second_factor(const Visit& visit) const;
  http::Response show_enrolment(const Visit& visit, const std::string& secret,
                                const Markup& message) const;
  http::Response show_removal(const Visit& visit, const Markup& message) const;
  http::Response show_recovery_codes(const Visit& visit,
                                     const std::vector<std::string>& codes) const;
  http::Response take_enrolment(const Visit& visit, const Form& form, const std::string& secret);
  http::Response take_removal(const Visit& visit, const Form& form);

  // Whether the password in the form is the user's. Wrong ones slow down.
  enum class Verdict : std::uint8_t { right, wrong, wait };
  Result<Verdict> check_password(const Visit& visit, const Form& form);
  http::Response done(const Visit& visit, std::string_view title, std::string_view text) const;

  http::Response show_reset(const Browser& browser, const std::string& token, const Markup& message,
                            int status) const;

  const AccountParts parts_;
};

}  // namespace gatehouse::keymanager
