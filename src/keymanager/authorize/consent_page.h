// SPDX-License-Identifier: Apache-2.0
//
// The page on which a user agrees to what a client may do, and the one on which he says as whom.
//
// Thread:  pure functions.
#pragma once

#include "keymanager/browser/pages.h"

namespace gatehouse::keymanager {

struct ConsentQuestion {
  std::string action;
  std::string client_name;
  std::string user_name;
  std::vector<std::string> scopes{};
  std::string device_code{};  // shown for comparison, when it is a device that asks
  std::string form_target{};
  json::object memory;
};

// Buttons consent=approve and consent=deny.
Page consent_page(const Pages& pages, const Browser& browser, const ConsentQuestion& question);

// Buttons account=continue and account=other.
Page account_page(const Pages& pages, const Browser& browser, const ConsentQuestion& question);

}  // namespace gatehouse::keymanager
