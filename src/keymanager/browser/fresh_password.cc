// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/fresh_password.h"

namespace gatehouse::keymanager {

Markup fresh_password_fields() {
  return Markup{
      R"(<label for="new_password">New password</label>
<input id="new_password" name="new_password" type="password" autocomplete="new-password" required )"
      R"(aria-describedby="rule"><p><small id="rule">At least eight characters; long is better )"
      R"(than complicated.</small></p>
<label for="repeat_password">New password again</label>
<input id="repeat_password" name="repeat_password" type="password" autocomplete="new-password" )"
      R"(required><button type="submit">Change the password</button>)"};
}

Result<std::string> fresh_password_from(const Form& form) {
  std::string password(form.text("new_password"));
  if (password != form.text("repeat_password")) {
    return fail(ErrorCode::invalid_argument, "The two passwords are not the same");
  }
  return password;
}

}  // namespace gatehouse::keymanager
