// SPDX-License-Identifier: Apache-2.0
//
// What every page for browsers shares: the tenant's look, forms that we know again, and pages for
// errors that have nowhere else to go.
//
// Thread:  pool threads.
#pragma once

#include "keymanager/browser/form_guard.h"
#include "keymanager/browser/page.h"
#include "keymanager/directory.h"

namespace gatehouse::keymanager {

class Pages {
 public:
  Pages(const Directory& directory, const FormGuard& guard, const Themes& themes)
      : directory_(directory), guard_(guard), themes_(themes) {}

  const FormGuard& guard() const { return guard_; }

  // The page in the tenant's look, with the browser's form cookie.
  http::Response show(const Browser& browser, model::TenantNumber tenant, const Page& page) const;

  // For the user: what `error` means, and nothing else. 503 has Retry-After.
  http::Response show_error(const Browser& browser, const Error& error) const;
  // 403, for a form that is not ours or has been open for too long.
  http::Response show_forged(const Browser& browser) const;

  // A form that posts back to the page itself, with `fields` and the guard's. `action`: the last
  // segment of the page's path, so that it holds behind a gateway and a proxy as well.
  Markup form(const Browser& browser, std::string_view action, std::string_view purpose,
              const json::object& memory, const Markup& fields) const;

 private:
  const Directory& directory_;
  const FormGuard& guard_;
  const Themes& themes_;
};

// Whether a posted form comes from a page of ours, or from one that would like to look like it.
bool is_page_form(const Form& form);

}  // namespace gatehouse::keymanager
