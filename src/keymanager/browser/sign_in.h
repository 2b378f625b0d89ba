// SPDX-License-Identifier: Apache-2.0
//
// Asks who is there: the page for name and password, the one for the second factor of whoever has
// one, and the one for another password of whoever must change it. Any page that needs a user shows
// these first and goes on when `answer` has a session.
//
// An unknown user, a wrong password, a locked account and a user of another tenant get the same
// answer after the same time. Wrong tries slow down the name and the address (attempts.h).
//
// Thread:  pool threads.
#pragma once

#include "keymanager/browser/attempts.h"
#include "keymanager/browser/known_devices.h"
#include "keymanager/browser/pages.h"
#include "keymanager/browser/password_change.h"
#include "keymanager/browser/second_factor.h"
#include "keymanager/browser/sessions.h"
#include "keymanager/login.h"

namespace gatehouse::keymanager {

// For which page somebody is asked.
struct SignInTask {
  std::string page;    // the purpose of its forms, and the last segment of its path
  std::string action;  // of the forms
  std::optional<model::TenantNumber> tenant{};  // whose users are let in; empty: every tenant's
  std::string client_name{};                    // who wants to know; empty: ourselves
  std::string form_target{};
  std::string hint{};     // a name to begin with
  json::object memory{};  // what the page goes on with
};

struct SignedIn {
  Session session;
  std::string cookie;  // Set-Cookie of the session
  std::string device;  // and of the device
  json::object memory;
};

struct SignInParts {
  const Pages& pages;
  Login& login;
  Sessions& sessions;
  SecondFactor& second_factor;
  Attempts& attempts;
  PasswordChange& password_change;
};

class SignIn {
 public:
  SignIn(const Resources& resources, const SignInParts& parts);

  // Where to go with a forgotten password: a URL that the page leads to.
  void set_help(std::string url) { help_ = std::move(url); }

  http::Response ask(const Browser& browser, const SignInTask& task) const;

  Result<bool> has_second_factor(const Account& account) const {
    return parts_.second_factor.is_enrolled(account);
  }

  // Where the browser is, as the limits of wrong passwords count it.
  Place place_of(const Browser& browser, const Account& account) const;

  // The session again, under another text, for the user as he is stored now.
  Result<std::string> renew(const Session& session, std::string_view replaced);

  // True for what the forms of ask() remember.
  static bool is_own(const json::object& memory);
  // A form of ask() came back: another page, or who it is.
  Result<std::variant<http::Response, SignedIn>> answer(const Browser& browser, const Form& form,
                                                        const json::object& memory);

 private:
  using Answer = std::variant<http::Response, SignedIn>;

  http::Response show_password(const Browser& browser, const SignInTask& task,
                               const Markup& message, int status) const;
  http::Response show_code(const Browser& browser, const SignInTask& task, const Account& account,
                           Instant until, const Markup& message) const;
  http::Response show_fresh_password(const Browser& browser, const SignInTask& task,
                                     const Session& session, const Markup& message) const;
  http::Response show_wait(const Browser& browser, const SignInTask& task,
                           std::chrono::seconds wait) const;
  Result<Answer> take_password(const Browser& browser, const Form& form, const SignInTask& task);
  Result<Answer> take_code(const Browser& browser, const Form& form, const SignInTask& task,
                           const json::object& memory);
  Result<Answer> take_fresh_password(const Browser& browser, const Form& form,
                                     const SignInTask& task, const json::object& memory);
  // Whom a form of ours remembers; nobody, when that was too long ago, or when the password that
  // was proved is another one by now.
  Result<std::optional<Account>> remembered(const json::object& memory) const;
  Answer begin_again(const Browser& browser, const SignInTask& task) const;
  // The user has proved who he is.
  Result<Answer> proved(const Browser& browser, const SignInTask& task, Session session);
  Result<Answer> begin(const Browser& browser, const SignInTask& task, Session session);
  std::string full_name(const SignInTask& task) const;
  // The number of the browser's device, when it is one of whom the name means.
  std::optional<std::string> known_device(const Browser& browser, const std::string& name) const;
  Result<Account> check(const Form& form, const SignInTask& task, Place place);

  const SignInParts parts_;
  const Clock& clock_;
  const Directory directory_;
  const KnownDevices devices_;
  std::string help_;  // set before anybody is asked
};

}  // namespace gatehouse::keymanager
