// SPDX-License-Identifier: Apache-2.0
//
// A whole page: our frame around a body, with headers that keep other sites, scripts and caches
// out.
//
// Thread:  pure functions.
// Source:  Content Security Policy Level 3; RFC 9700, sections 4.2.4 and 4.16.
#pragma once

#include "http/message.h"
#include "keymanager/browser/html.h"
#include "keymanager/browser/theme.h"

namespace gatehouse::keymanager {

enum class PageWidth : std::uint8_t { narrow, wide };

struct Page {
  std::string title;
  Markup body;  // begins with an h1
  int status = 200;
  // Where a form of the page may lead beside ourselves: browsers follow the redirect that answers
  // a form only to what the policy names.
  std::string form_target{};
  PageWidth width = PageWidth::narrow;
};

http::Response render(const Page& page, const Theme& theme);

// What a page of ours with a form in it ends in.
http::Response see_other(std::string location);

// "<p class=message role=alert>" with a text, or nothing for an empty one.
Markup alert(std::string_view text);
Markup notice(std::string_view text);
Markup hidden_field(std::string_view name, std::string_view value);

}  // namespace gatehouse::keymanager
