// SPDX-License-Identifier: Apache-2.0
#include "keymanager/clients.h"

#include "core/digest.h"
#include "core/id.h"
#include "core/text.h"
#include "keymanager/client_kind.h"
#include "keymanager/lifetime.h"
#include "keymanager/registered_metadata.h"

namespace gatehouse::keymanager {

namespace {

using storage::Client;
using storage::ClientStore;
using storage::Transaction;

constexpr std::size_t client_id_bytes = client_id_letters / 4 * 3;
constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t list_max = 64;
constexpr std::int64_t refresh_seconds_default = 86'400;

Result<> check(const ClientRequest& request) {
  const auto refuse = [](const char* why) { return fail(ErrorCode::invalid_argument, why); };
  if (request.name.empty() || request.name.size() > name_bytes_max) {
    return refuse("The name of a client has 1 to 255 bytes");
  }
  if (request.owner_id.empty()) return refuse("A client needs an owner");
  if (request.token_type != "JWT" && request.token_type != "OAUTH") {
    return refuse("The token type is 'JWT' or 'OAUTH'");
  }
  if (request.grant_types.size() > list_max || request.callback_urls.size() > list_max) {
    return refuse("Too many grant types or callback URLs");
  }
  return {};
}

void apply_metadata(const ClientRequest& request, Client& client) {
  if (!request.registration_token_hash.empty()) {
    client.document["registration_token_hash"] = request.registration_token_hash;
  }
  if (request.all_tenants) client.document[all_tenants_member] = *request.all_tenants;
  if (!request.metadata) return;
  const std::vector<std::string_view> known = registered_members();
  const json::object before = std::exchange(client.document, json::object());
  for (const auto& member : before) {
    const std::string_view name = member.key();
    const bool replaced =
        std::find(known.begin(), known.end(), name.substr(0, name.find('#'))) != known.end();
    if (!replaced) client.document[name] = member.value();
  }
  for (const auto& member : *request.metadata) client.document[member.key()] = member.value();
}

void apply(const ClientRequest& request, Client& client) {
  client.name = request.name;
  client.grant_types = request.grant_types;
  client.callback_urls = request.callback_urls;
  if (may_hold_jwts(client) && request.token_type != "JWT") {
    client.document[former_jwts_member] = true;
  }
  client.token_type = request.token_type;
  client.refresh_token_seconds =
      bounded_seconds(request.refresh_token_seconds, refresh_seconds_default);
  set_access_lifetime(client, request.access_token_seconds);
  apply_metadata(request, client);
}

// The same for the same owner and name, so that two registrations at once meet in one row.
std::string derived_id(const ClientRequest& request) {
  const std::string origin =
      fmt::format("dcr\n{}\n{}\n{}", request.tenant, request.owner_id, request.name);
  return plain_letters(to_bytes(sha256(origin)).substr(0, client_id_bytes));
}

}  // namespace

Clients::Clients(const Resources& resources, Revocations& revocations,
                 const ClientCredentials& application_grant, TokenIssuer& issuer)
    : apis_(resources.apis),
      clock_(resources.clock),
      random_(resources.random),
      revocations_(revocations),
      application_grant_(application_grant),
      issuer_(issuer) {}

Result<Registered> Clients::create(const ClientRequest& request) {
  GH_TRY(client, client_from(request, plain_letters(random_.bytes(client_id_bytes))));
  const MadeSecret secret = make_client_secret(random_, clock_.now());
  const Result<> written = apis_.write([&](Transaction& transaction) -> Result<> {
    ClientStore store(transaction);
    GH_CHECK(store.insert(client));
    if (has_no_secret(client.document)) return {};
    return store.add_secret(client, secret.row, secrets_max);
  });
  GH_CHECK(written);
  const bool secretless = has_no_secret(client.document);
  return Registered{std::move(client), secretless ? "" : secret.text};
}

Result<Registered> Clients::create_or_extend(const ClientRequest& request) {
  GH_TRY(fresh, client_from(request, derived_id(request)));
  const MadeSecret secret = make_client_secret(random_, clock_.now());
  GH_TRY(client, apis_.write([&](Transaction& transaction) -> Result<Client> {
    ClientStore store(transaction);
    Result<Client> present = store.find(fresh.client_id);
    if (present) {
      apply(request, *present);
      GH_CHECK(store.update(*present));
    } else {
      GH_CHECK(store.insert(fresh));
      present = fresh;
    }
    GH_CHECK(store.add_secret(*present, secret.row, secrets_max));
    return present;
  }));
  return Registered{std::move(client), secret.text};
}

Result<> Clients::update(const std::string& client_id, const ClientRequest& request) {
  GH_CHECK(check(request));
  return apis_.write([&](Transaction& transaction) -> Result<> {
    ClientStore store(transaction);
    GH_TRY(client, store.find(client_id));
    if (client.tenant != request.tenant) return fail(ErrorCode::not_found, "No such client");
    apply(request, client);
    return store.update(client);
  });
}

Result<> Clients::remove(const std::string& client_id) {
  GH_TRY(client, find(client_id));
  return revocations_.revoke_client(client, [&client](Transaction& transaction) {
    return ClientStore(transaction).remove(client);
  });
}

Result<std::string> Clients::regenerate_secret(const std::string& client_id) {
  GH_TRY(client, find(client_id));
  const MadeSecret secret = make_client_secret(random_, clock_.now());
  const Result<> written = apis_.write([&](Transaction& transaction) -> Result<> {
    ClientStore store(transaction);
    GH_CHECK(store.remove_secrets(client));
    return store.add_secret(client, secret.row, secrets_max);
  });
  GH_CHECK(written);
  return secret.text;
}

Result<IssuedTokens> Clients::issue_token(const std::string& client_id,
                                          const std::vector<std::string>& scopes,
                                          std::int64_t seconds) {
  GH_TRY(client, find(client_id));
  const std::int64_t lifetime = bounded_seconds(seconds, client.access_token_seconds);
  GH_CHECK(remember_lifetime(client, lifetime));
  GH_TRY(entitlement, application_grant_.decide(scopes, client));
  entitlement.seconds = lifetime;
  return issuer_.issue(entitlement);
}

// A token longer than any before must not outlive the revocations of its client.
Result<> Clients::remember_lifetime(const Client& client, std::int64_t seconds) {
  if (longest_access_lifetime(client) >= std::chrono::seconds(seconds)) return {};
  return apis_.write([&](Transaction& transaction) -> Result<> {
    ClientStore store(transaction);
    GH_TRY(present, store.find(client.client_id));
    const std::int64_t usual = present.access_token_seconds;
    set_access_lifetime(present, seconds);
    present.access_token_seconds = usual;
    return store.update(present);
  });
}

Result<Client> Clients::find(const std::string& client_id) const {
  return apis_.read(
      [&](Transaction& transaction) { return ClientStore(transaction).find(client_id); });
}

Result<Client> Clients::client_from(const ClientRequest& request, std::string client_id) const {
  GH_CHECK(check(request));
  Client client;
  client.tenant = request.tenant;
  client.client_id = std::move(client_id);
  client.owner_id = request.owner_id;
  client.access_token_seconds = 0;
  client.created_at = clock_.now();
  apply(request, client);
  return client;
}

}  // namespace gatehouse::keymanager
