// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/sessions.h"

#include "core/digest.h"
#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

using storage::SessionStore;
using storage::StoredSession;
using storage::Transaction;

constexpr std::size_t text_size = 32;
constexpr std::size_t id_size = 16;
// Being seen is written no more often than this.
constexpr std::chrono::minutes seen_interval{1};

std::string hash_of(std::string_view text) { return to_bytes(sha256(text)); }

std::string mark_of(const Account& account) { return sha256_hex(account.user.password); }

}  // namespace

Sessions::Sessions(const Resources& resources, const Directory& directory, SessionLifetime lifetime)
    : apis_(resources.apis),
      clock_(resources.clock),
      random_(resources.random),
      directory_(directory),
      lifetime_(lifetime) {}

Result<std::optional<Session>> Sessions::find(std::string_view text) {
  if (text.empty()) return std::optional<Session>();
  const Instant now = clock_.now();
  GH_TRY(stored, apis_.read([&](Transaction& transaction) {
    return SessionStore(transaction).find(hash_of(text));
  }));
  const bool over = !stored || stored->expires_at <= now || stored->seen_at + lifetime_.idle <= now;
  if (over) return std::optional<Session>();
  Result<Account> account = directory_.by_id(stored->tenant, stored->user_id);
  if (!account && account.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(account.error());
  }
  if (!account || !account->active() || mark_of(*account) != stored->password_mark) {
    GH_CHECK(end(text));
    return std::optional<Session>();
  }
  if (stored->seen_at + seen_interval <= now) {
    GH_CHECK(apis_.write([&](Transaction& transaction) {
      return SessionStore(transaction).set_seen(stored->hash, now);
    }));
  }
  return std::optional<Session>(
      Session{*std::move(account),
              {.at = stored->authenticated_at, .acr = stored->acr, .amr = stored->amr},
              id_of(text)});
}

Result<std::string> Sessions::begin(const Session& session, std::string_view replaced) {
  std::string text = to_base64url(random_.bytes(text_size));
  const Instant now = clock_.now();
  const StoredSession stored{.hash = hash_of(text),
                             .tenant = session.account.tenant,
                             .user_id = session.account.user.id,
                             .password_mark = mark_of(session.account),
                             .acr = session.sign_on.acr,
                             .amr = session.sign_on.amr,
                             .authenticated_at = session.sign_on.at,
                             .seen_at = now,
                             .expires_at = now + lifetime_.absolute};
  const std::string before = hash_of(replaced);
  const Result<> written = apis_.write([&](Transaction& transaction) -> Result<> {
    SessionStore store(transaction);
    GH_CHECK(store.remove(before));
    return store.insert(stored);
  });
  GH_CHECK(written);
  return text;
}

std::string Sessions::id_of(std::string_view text) {
  // Of the hash, so that neither the cookie nor the key of its row can be made of it.
  return to_base64url(to_bytes(sha256(hash_of(text))).substr(0, id_size));
}

Result<> Sessions::end(std::string_view text) {
  return apis_.write([hash = hash_of(text)](Transaction& transaction) {
    return SessionStore(transaction).remove(hash);
  });
}

}  // namespace gatehouse::keymanager
