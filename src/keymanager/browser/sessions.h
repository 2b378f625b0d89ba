// SPDX-License-Identifier: Apache-2.0
//
// Sessions of browsers: who is signed on, since when and how. The browser holds 256 random bits;
// the database holds their SHA-256. A session ends at its absolute age, after a time without use,
// when the user signs out, is locked or removed, or changes the password: the user's row is read at
// each use, so all of that counts at once and on every node.
//
// Thread:  pool threads; a use costs a read of each database, and once a minute a write.
#pragma once

#include <optional>

#include "keymanager/directory.h"
#include "keymanager/options.h"
#include "keymanager/sign_on.h"
#include "storage/apis/session_store.h"

namespace gatehouse::keymanager {

struct Session {
  Account account;
  SignOn sign_on;
  std::string id{};  // `sid`: tells clients which session it is, and opens nothing
};

class Sessions {
 public:
  Sessions(const Resources& resources, const Directory& directory, SessionLifetime lifetime);

  // Nothing, when the text names no session that holds.
  Result<std::optional<Session>> find(std::string_view text);
  // A session for who has just proved himself; that of `replaced` ends. Returns the cookie's text.
  Result<std::string> begin(const Session& session, std::string_view replaced);
  Result<> end(std::string_view text);

  // The id of the session that a cookie's text stands for.
  static std::string id_of(std::string_view text);

  // For the sweep: sessions not seen since then are over.
  Instant idle_since() const { return clock_.now() - lifetime_.idle; }

 private:
  storage::Database& apis_;
  const Clock& clock_;
  Random& random_;
  const Directory& directory_;
  const SessionLifetime lifetime_;
};

}  // namespace gatehouse::keymanager
