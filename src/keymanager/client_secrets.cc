// SPDX-License-Identifier: Apache-2.0
#include "keymanager/client_secrets.h"

#include "core/digest.h"
#include "core/id.h"
#include "core/text.h"
#include "keymanager/client_kind.h"

namespace gatehouse::keymanager {

namespace {

using storage::Client;
using storage::ClientSecret;
using storage::ClientStore;
using storage::Transaction;

constexpr std::size_t secret_bytes = 24;
constexpr std::size_t hint_letters = 4;
constexpr std::size_t description_bytes_max = 256;

bool works(const ClientSecret& secret, Instant now) {
  return secret.expires_at == Instant{} || secret.expires_at > now;
}

}  // namespace

std::string plain_letters(std::string_view bytes) {
  std::string text = to_base64url(bytes);
  for (char& c : text) c = c == '-' ? 'A' : c == '_' ? 'B' : c;
  return text;
}

bool is_one_of(std::string_view secret, const std::vector<std::string>& hashes) {
  const std::string hash = to_bytes(sha256(secret));
  bool matches = false;
  for (const std::string& one : hashes) matches = equals_in_constant_time(hash, one) || matches;
  return matches;
}

MadeSecret make_client_secret(Random& random, Instant now) {
  std::string text = plain_letters(random.bytes(secret_bytes));
  ClientSecret row;
  row.id = random_uuid(random);
  row.hash = to_bytes(sha256(text));
  row.hint = text.substr(text.size() - hint_letters);
  row.created_at = now;
  return {std::move(text), std::move(row)};
}

ClientSecrets::ClientSecrets(const Resources& resources)
    : apis_(resources.apis), clock_(resources.clock), random_(resources.random) {}

Result<MadeSecret> ClientSecrets::add(const std::string& client_id, const Wish& wish) {
  if (wish.description.size() > description_bytes_max) {
    return fail(ErrorCode::invalid_argument, "The description is too long");
  }
  if (wish.seconds < 0) return fail(ErrorCode::invalid_argument, "A secret ends in the future");
  const Instant now = clock_.now();
  MadeSecret secret = make_client_secret(random_, now);
  secret.row.description = wish.description;
  if (wish.seconds > 0) {
    secret.row.expires_at =
        now + std::chrono::seconds(std::min<std::int64_t>(wish.seconds, INT32_MAX));
  }
  const Result<> written = apis_.write([&](Transaction& transaction) -> Result<> {
    ClientStore store(transaction);
    GH_TRY(client, store.find(client_id));
    if (has_no_secret(client.document)) {
      return fail(ErrorCode::conflict, "A public client has no secret");
    }
    GH_TRY(others, store.secrets(client));
    if (static_cast<std::int64_t>(others.size()) >= secrets_max) {
      return fail(ErrorCode::conflict, "The client has as many secrets as it may");
    }
    return store.add_secret(client, secret.row, secrets_max);
  });
  GH_CHECK(written);
  return secret;
}

Result<std::vector<ClientSecret>> ClientSecrets::list(const std::string& client_id) const {
  return apis_.read([&](Transaction& transaction) -> Result<std::vector<ClientSecret>> {
    const ClientStore store(transaction);
    GH_TRY(client, store.find(client_id));
    return store.secrets(client);
  });
}

Result<> ClientSecrets::revoke(const std::string& client_id, const std::string& secret_id) {
  const Instant now = clock_.now();
  return apis_.write([&](Transaction& transaction) -> Result<> {
    ClientStore store(transaction);
    GH_TRY(client, store.find(client_id));
    GH_TRY(all, store.secrets(client));
    bool there = false;
    bool another = false;
    bool meant_works = false;
    for (const ClientSecret& secret : all) {
      const bool meant = secret.id == secret_id;
      there = there || meant;
      meant_works = meant_works || (meant && works(secret, now));
      another = another || (!meant && works(secret, now));
    }
    if (!there) return fail(ErrorCode::not_found, "The client has no such secret", secret_id);
    if (meant_works && !another) {
      return fail(ErrorCode::conflict, "It is the last secret; make another one first");
    }
    return store.remove_secret(client, secret_id);
  });
}

Result<Client> ClientSecrets::check(const std::string& client_id, std::string_view secret) const {
  const Instant now = clock_.now();
  return apis_.read([&](Transaction& transaction) -> Result<Client> {
    const Result<ClientStore::Known> known = ClientStore(transaction).find_known(client_id, now);
    if (!known && known.error().code != ErrorCode::not_found) {
      return tl::unexpected<Error>(known.error());
    }
    if (!known || !is_one_of(secret, known->secrets) || !known->client.active) {
      return fail(ErrorCode::unauthenticated, "There is no such client, or its secret is wrong");
    }
    return known->client;
  });
}

}  // namespace gatehouse::keymanager
