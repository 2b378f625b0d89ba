// SPDX-License-Identifier: Apache-2.0
#include "keymanager/local_user_store.h"

namespace gatehouse::keymanager {

tl::unexpected<Error> wrong_password() {
  return fail(ErrorCode::unauthenticated, "The user name or the password is wrong");
}

// Each refusal hashes once, so that their times are alike.
Result<Account> LocalUserStore::authenticate(const std::string& name, const std::string& password,
                                             Place place) {
  Result<Account> account = directory_.by_name(name);
  const bool found = account.has_value();
  if (!found && account.error().code != ErrorCode::not_found) return account;
  GH_TRY(matches, passwords_.matches(password, found ? account->user.password : ""));
  const bool anywhere = place == Place::anywhere;
  // Whose password is elsewhere is not wrong about it here.
  const bool ours = found && !account->user.password.empty();
  if (!ours || !matches || (anywhere && lock_.is_locked(*account))) return wrong_password();
  if (anywhere) GH_CHECK(lock_.succeeded(*account));
  if (!account->active()) return wrong_password();
  return account;
}

}  // namespace gatehouse::keymanager
