// SPDX-License-Identifier: Apache-2.0
//
// /oauth2/forgotten-password: mails a link that sets a new password, to who has none any more.
//
// Nobody learns who has an account: the answer is given before anybody looks. Whose name it is, the
// link and the mail are found on the mailer's thread. How often a name and an address may ask is
// limited, the same for names that nobody has.
//
// Thread:  pool threads.
#pragma once

#include "keymanager/browser/attempts.h"
#include "keymanager/browser/pages.h"
#include "keymanager/browser/password_change.h"
#include "keymanager/mail/mailer.h"

namespace gatehouse::keymanager {

class ForgottenPassword {
 public:
  struct Parts {
    const Pages& pages;
    Attempts& attempts;
    PasswordChange& password_change;
    const Directory& directory;
  };

  // Without options.send_mail there is no such page.
  ForgottenPassword(const Resources& resources, const Options& options, const Parts& parts);

  http::Response handle(const http::Request& request);

  // The link by which this user sets a password. Error: conflict, when it is not here.
  struct Link {
    std::string url;
    Instant expires_at{};
  };
  Result<Link> make_link(const Account& account);
  // Mails it. Error: conflict, as above; invalid_argument, without a mail server or address of the
  // user; exhausted, when too many mails wait.
  Result<> mail_link(const Account& account);

 private:
  http::Response show(const Browser& browser, const Markup& message, int status) const;
  http::Response show_sent(const Browser& browser) const;
  Result<std::optional<mail::Message>> write(const std::string& name);
  Result<mail::Message> message_for(const Account& account);

  const Parts parts_;
  const Clock& clock_;
  Random& random_;
  const std::string base_url_;
  const std::string from_;
  std::unique_ptr<mail::Mailer> mailer_;  // last: its thread calls write()
};

}  // namespace gatehouse::keymanager
