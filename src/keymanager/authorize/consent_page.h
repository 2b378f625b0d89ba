// SPDX-License-Identifier: Apache-2.0
//
// The page on which a user agrees to what a client may do, and the one on which he says as whom.
//
// Thread:  pure functions.
#pragma once

#include "keymanager/browser/pages.h"
#include "storage/apis/client_store.h"

namespace gatehouse::keymanager {

struct ConsentQuestion {
  std::string action;
  std::string client_name;
  Markup about{};  // see about_client
  std::string user_name;
  std::vector<std::string> scopes{};
  std::string device_code{};  // shown for comparison, when it is a device that asks
  std::string form_target{};
  json::object memory;
};

// Links to what the client says of itself: `client_uri`, `policy_uri`, `tos_uri` (RFC 7591, section
// 2). Its logo is left out, because showing it would tell the client's server who is asked.
Markup about_client(const storage::Client& client);

// Buttons consent=approve and consent=deny.
Page consent_page(const Pages& pages, const Browser& browser, const ConsentQuestion& question);

// Buttons account=continue and account=other.
Page account_page(const Pages& pages, const Browser& browser, const ConsentQuestion& question);

}  // namespace gatehouse::keymanager
