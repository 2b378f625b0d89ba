// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/cookies.h"

#include "core/text.h"

namespace gatehouse::keymanager {

std::string cookie_of(const http::Request& request, std::string_view name) {
  std::string found;
  int count = 0;
  for (const auto& [header, value] : request.headers) {
    if (!equals_ignoring_case(header, "Cookie")) continue;
    for (const std::string_view part : split(value, ';')) {
      const std::string_view pair = trim(part);
      const std::size_t equal = pair.find('=');
      if (equal == std::string_view::npos || pair.substr(0, equal) != name) continue;
      found = pair.substr(equal + 1);
      ++count;
    }
  }
  return count == 1 ? found : std::string();
}

std::string make_cookie(std::string_view name, std::string_view value) {
  return fmt::format("{}={}; Path=/; Secure; HttpOnly; SameSite=Lax", name, value);
}

std::string end_cookie(std::string_view name) { return make_cookie(name, "") + "; Max-Age=0"; }

}  // namespace gatehouse::keymanager
