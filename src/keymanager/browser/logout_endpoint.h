// SPDX-License-Identifier: Apache-2.0
//
// GET and POST /oidc/logout: ends the browser's session, and leads back to the client that asked.
//
// With an ID token of ours for the user who is signed on (an expired one as well), it is done at
// once; without, or for somebody else, the user is asked first, because any page may send a browser
// here.
//
//   302, 303  to a post_logout_redirect_uri that the client has registered, with state
//   200       a page: signed out, or the question
//   400       a page: the address is not the client's; the session ends all the same after a yes
//   403       a page: a form that is not ours
//
// Addresses are those of `post_logout_redirect_uris` in the client's document, or its callback URLs
// where it has none of its own.
//
// Thread:  pool threads.
// Source:  OpenID Connect RP-Initiated Logout 1.0, sections 2 and 3.
#pragma once

#include "keymanager/browser/pages.h"
#include "keymanager/browser/sessions.h"
#include "keymanager/signing_keys.h"
#include "storage/apis/client_store.h"

namespace gatehouse::keymanager {

class LogoutEndpoint {
 public:
  LogoutEndpoint(const Resources& resources, const Options& options, const Pages& pages,
                 Sessions& sessions, const SigningKeys& keys);

  http::Response handle(const http::Request& request);

 private:
  struct Wish {
    std::string client_id;  // may be empty
    std::string subject;    // of the hint; may be empty
    std::string location;   // where to go afterwards; empty: nowhere
  };

  Result<Wish> wish_of(const Form& form) const;
  http::Response take_answer(const Browser& browser, const Form& form, int status);
  http::Response ask(const Browser& browser, const Wish& wish) const;
  http::Response finish(const Browser& browser, const std::string& location, int status);

  storage::Database& apis_;
  const std::string issuer_;
  const Pages& pages_;
  Sessions& sessions_;
  const SigningKeys& keys_;
};

}  // namespace gatehouse::keymanager
