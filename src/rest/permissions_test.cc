// SPDX-License-Identifier: Apache-2.0
#include "rest/permissions.h"

#include <gtest/gtest.h>

#include "core/text.h"

namespace gatehouse::rest {
namespace {

// Which of three callers a resource is open to: a cook, a waiter, and nobody.
struct PermissionCase {
  const char* name;
  const char* document;
  const char* open_to;
};

TEST(Permissions, AreHeldAgainstTheRolesOfTheCaller) {
  const Caller cook{.tenant_domain = {},
                    .user_id = "1",
                    .user = "cook",
                    .roles = {"Internal/everyone", "Kitchen"},
                    .scopes = {}};
  const Caller waiter{.tenant_domain = {},
                      .user_id = "2",
                      .user = "waiter",
                      .roles = {"Internal/everyone", "admin"},
                      .scopes = {}};
  const Caller nobody;
  const std::vector<PermissionCase> cases{
      {"nothing said", R"({})", "cook waiter nobody "},
      {"no type", R"({"permissions":{"roles":["Kitchen"]}})", "cook waiter nobody "},
      {"everybody", R"({"permissions":{"permissionType":"PUBLIC","roles":["Kitchen"]}})",
       "cook waiter nobody "},
      {"some", R"({"permissions":{"permissionType":"ALLOW","roles":["Bar","Kitchen"]}})", "cook "},
      {"case of a role", R"({"permissions":{"permissionType":"ALLOW","roles":["KITCHEN"]}})",
       "cook "},
      {"every user", R"({"permissions":{"permissionType":"ALLOW","roles":["Internal/everyone"]}})",
       "cook waiter "},
      {"some of no name", R"({"permissions":{"permissionType":"ALLOW"}})", ""},
      {"all but some", R"({"permissions":{"permissionType":"DENY","roles":["Kitchen"]}})",
       "waiter "},
      {"all but none", R"({"permissions":{"permissionType":"DENY","roles":[]}})", "cook waiter "},
  };
  for (const PermissionCase& each : cases) {
    const json::object document = parse_json_object(each.document).value();
    std::string open_to;
    if (is_open_to(cook, document)) open_to += "cook ";
    if (is_open_to(waiter, document)) open_to += "waiter ";
    if (is_open_to(nobody, document)) open_to += "nobody ";
    EXPECT_EQ(open_to, each.open_to) << each.name;
  }
}

}  // namespace
}  // namespace gatehouse::rest
