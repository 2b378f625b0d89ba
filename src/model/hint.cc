// SPDX-License-Identifier: Apache-2.0
#include "model/hint.h"

#include <algorithm>

#include "core/text.h"

namespace gatehouse::model {

namespace {

// A dot divides the parts of a subject, so those of a name are escaped as well.
std::string escape(std::string_view name) {
  std::string escaped;
  for (const char c : percent_encode(name)) {
    if (c == '.') {
      escaped += "%2E";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::string changes_subject(std::vector<std::string> environments) {
  std::sort(environments.begin(), environments.end());
  environments.erase(std::unique(environments.begin(), environments.end()), environments.end());
  for (std::string& name : environments) name = escape(name);
  return "changes." + join(environments, ",");
}

}  // namespace gatehouse::model
