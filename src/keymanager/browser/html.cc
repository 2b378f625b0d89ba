// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/html.h"

namespace gatehouse::keymanager {

std::string escape_html(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      case '`': escaped += "&#96;"; break;
      case '\0': escaped += "\xEF\xBF\xBD"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

}  // namespace gatehouse::keymanager
