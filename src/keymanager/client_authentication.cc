// SPDX-License-Identifier: Apache-2.0
#include "keymanager/client_authentication.h"

#include "core/digest.h"
#include "keymanager/client_kind.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

namespace {

using storage::Transaction;

tl::unexpected<Error> not_authenticated(const char* why = "The client did not authenticate") {
  return refuse(invalid_client, why);
}

struct KnownClient {
  storage::Client client;
  std::vector<std::string> secrets;
};

// Each hash is compared whole, so the time tells nothing but how many there are.
bool matches_one(const std::string& hash, const std::vector<std::string>& secrets) {
  bool matches = false;
  for (const std::string& secret : secrets) {
    matches = equals_in_constant_time(hash, secret) || matches;
  }
  return matches;
}

}  // namespace

Result<storage::Client> ClientAuthentication::authenticate(const http::Request& request,
                                                           const Form& form) const {
  const std::size_t headers = request.headers.count("Authorization");
  if (headers > 1) return refuse(invalid_request, "Authorization is there twice");
  if (headers == 0) {
    if (!form.has("client_id")) return not_authenticated();
    if (!form.has("client_secret")) return check_public(std::string(form.text("client_id")));
    return check({std::string(form.text("client_id")), std::string(form.text("client_secret"))});
  }
  const std::optional<NameAndSecret> pair =
      client_credentials_of(request.headers.value_or("Authorization", ""));
  const bool twice = form.has("client_secret") ||
                     (form.has("client_id") && pair && form.text("client_id") != pair->name);
  if (twice) return refuse(invalid_request, "The client authenticates in two ways");
  if (!pair) return not_authenticated();
  return check(*pair);
}

// A client without a secret proves nothing here; its codes are bound to proof keys.
Result<storage::Client> ClientAuthentication::check_public(const std::string& client_id) const {
  Result<storage::Client> client = apis_.read(
      [&](Transaction& transaction) { return storage::ClientStore(transaction).find(client_id); });
  if (!client && client.error().code != ErrorCode::not_found) return client;
  if (!client || !client->active || !is_public(*client)) return not_authenticated();
  return client;
}

Result<storage::Client> ClientAuthentication::check(const NameAndSecret& pair) const {
  const std::string hash = to_bytes(sha256(pair.secret));
  const Instant now = clock_.now();
  const Result<KnownClient> known =
      apis_.read([&](Transaction& transaction) -> Result<KnownClient> {
        const storage::ClientStore store(transaction);
        GH_TRY(client, store.find(pair.name));
        GH_TRY(secrets, store.secret_hashes(client, now));
        return KnownClient{std::move(client), std::move(secrets)};
      });
  if (!known && known.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(known.error());
  }
  if (!known || !matches_one(hash, known->secrets) || !known->client.active) {
    return not_authenticated("The client id or the client secret is wrong");
  }
  return known->client;
}

}  // namespace gatehouse::keymanager
