// SPDX-License-Identifier: Apache-2.0
#include "keymanager/resource_indicators.h"

#include <algorithm>

#include "core/text.h"
#include "keymanager/grants/token_exchange.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::size_t resource_bytes_max = 512;

bool is_letter(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }

// "scheme:" and something behind it (RFC 3986, section 4.3), of visible ASCII letters.
bool is_absolute_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  const std::string_view scheme = text.substr(0, colon);
  const bool named =
      is_letter(scheme.front()) && std::all_of(scheme.begin(), scheme.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
      });
  return named && std::all_of(text.begin(), text.end(), [](char c) {
           return c > ' ' && c <= '~' && c != '#' && c != '"' && c != '<' && c != '>' &&
                  c != '\\' && c != '^' && c != '`' && c != '{' && c != '|' && c != '}';
         });
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::vector<std::string> audiences_of(const Form& form) {
  const bool exchanges = form.text("grant_type") == token_exchange_type;
  return exchanges ? form.texts("audience") : std::vector<std::string>();
}

}  // namespace

Result<std::vector<std::string>> resources_of(const Form& form) {
  std::vector<std::string> resources;
  for (std::string& resource : form.texts("resource")) {
    if (resource.size() > resource_bytes_max || !is_absolute_uri(resource)) {
      return refuse(invalid_target, "A resource is not an absolute URI without a fragment");
    }
    if (!contains(resources, resource)) resources.push_back(std::move(resource));
  }
  for (std::string& audience : audiences_of(form)) {
    if (audience.size() > resource_bytes_max) return refuse(invalid_target, "A long audience");
    if (!contains(resources, audience)) resources.push_back(std::move(audience));
  }
  if (resources.size() > resources_max) return refuse(invalid_target, "Too many resources");
  return resources;
}

Result<std::vector<std::string>> narrowed_audiences(std::vector<std::string> asked,
                                                    std::vector<std::string> granted) {
  if (asked.empty()) return granted;
  if (granted.empty()) return asked;
  for (const std::string& resource : asked) {
    if (!contains(granted, resource)) {
      return refuse(invalid_target, "A resource was not granted at first");
    }
  }
  return asked;
}

}  // namespace gatehouse::keymanager
