// SPDX-License-Identifier: Apache-2.0
//
// Knows our own forms when they come back. Each carries a text sealed for the browser that it was
// made for (its form cookie), so another site can neither forge one nor plant its own; what a form
// must remember travels in it, sealed the same way, and nothing is kept here.
//
// Thread:  any.
// Source:  OWASP, Cross-Site Request Forgery Prevention: signed double submit cookie.
#pragma once

#include <optional>
#include <string>

#include "core/clock.h"
#include "core/json.h"
#include "http/message.h"
#include "jose/seal.h"
#include "keymanager/browser/html.h"
#include "keymanager/form.h"

namespace gatehouse::keymanager {

// The browser behind a request.
struct Browser {
  std::string key;      // of its form cookie
  bool fresh = false;   // the cookie must still be set
  std::string session;  // of its session cookie; may be empty
  std::string device;   // of its device cookie (known_devices.h); may be empty
  std::string address;
};

class FormGuard {
 public:
  static constexpr std::chrono::minutes lifetime{30};

  FormGuard(const jose::Sealer& sealer, const Clock& clock, Random& random)
      : sealer_(sealer), clock_(clock), random_(random) {}

  Browser browser_of(const http::Request& request) const;

  // The hidden fields of a form: `csrf`, and `memory` with what the form must remember. `purpose`
  // names the page, so that a field is worth nothing on another one.
  Markup fields(const Browser& browser, std::string_view purpose, const json::object& memory) const;

  // What the form of this purpose remembers. Nothing, when it is not ours, is another browser's, or
  // is too old.
  std::optional<json::object> open(const Browser& browser, std::string_view purpose,
                                   const Form& form) const;

  // Sets the cookie of a browser that has none yet.
  void keep(const Browser& browser, http::Response& response) const;

 private:
  const jose::Sealer& sealer_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace gatehouse::keymanager
