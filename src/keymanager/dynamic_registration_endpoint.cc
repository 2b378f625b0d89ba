// SPDX-License-Identifier: Apache-2.0
#include "keymanager/dynamic_registration_endpoint.h"

#include <algorithm>

#include "core/digest.h"
#include "core/text.h"
#include "keymanager/client_kind.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

namespace {

using storage::Client;
using storage::ClientStore;
using storage::Transaction;

constexpr std::size_t token_bytes = 32;
constexpr std::string_view token_hash = "registration_token_hash";
constexpr std::string_view admin_scope = "apim:admin";

// What the client sent, and how it asks for it.
ClientRequest request_of(const json::object& metadata, const Client* present) {
  ClientRequest wanted;
  if (present != nullptr) {
    wanted.tenant = present->tenant;
    wanted.owner_id = present->owner_id;
    wanted.token_type = present->token_type;
    wanted.access_token_seconds = present->access_token_seconds;
    wanted.refresh_token_seconds = present->refresh_token_seconds;
  }
  wanted.name = text_or(metadata, "client_name", "");
  wanted.grant_types = texts_of(metadata, "grant_types");
  wanted.callback_urls = texts_of(metadata, "redirect_uris");
  wanted.metadata = metadata;
  return wanted;
}

http::Response answer_of(const Result<json::object>& answer, int status) {
  if (!answer) return oauth_response(answer.error());
  http::Response response = oauth_answer(*answer);
  response.status = status;
  return response;
}

}  // namespace

DynamicRegistrationEndpoint::DynamicRegistrationEndpoint(const Resources& resources,
                                                         const Options& options, Clients& clients,
                                                         Authenticator& authenticator)
    : apis_(resources.apis),
      clock_(resources.clock),
      random_(resources.random),
      clients_(clients),
      authenticator_(authenticator),
      directory_(resources.users),
      base_url_(options.base_url),
      signing_(options.signing_algorithms),
      implicit_tenants_(options.implicit_tenants) {}

http::Response DynamicRegistrationEndpoint::create(const http::Request& request) {
  return answer_of(create_client(request), 201);
}

http::Response DynamicRegistrationEndpoint::read(const http::Request& request,
                                                 const std::string& client_id) {
  const Result<Client> client = authorised(request, client_id);
  if (!client) return oauth_response(client.error());
  const auto token = bearer_token(request.headers.value_or("Authorization", ""));
  return oauth_answer(view(*client, *token));
}

http::Response DynamicRegistrationEndpoint::update(const http::Request& request,
                                                   const std::string& client_id) {
  return answer_of(update_client(request, client_id), 200);
}

http::Response DynamicRegistrationEndpoint::remove(const http::Request& request,
                                                   const std::string& client_id) {
  const Result<Client> client = authorised(request, client_id);
  if (!client) return oauth_response(client.error());
  const Result<> gone = clients_.remove(client_id);
  if (!gone) return oauth_response(gone.error());
  http::Response response;
  response.status = 204;
  response.headers.add("Cache-Control", "no-store");
  return response;
}

Result<json::object> DynamicRegistrationEndpoint::create_client(const http::Request& request) {
  GH_TRY(account, administrator_of(request));
  const Result<json::object> body = parse_json_object(request.body);
  if (!body) return refuse(invalid_client_metadata, "The body is not a JSON object");
  GH_TRY(offer, offer_to(account.tenant));
  GH_TRY(metadata, registered_metadata(*body, offer));
  const std::string token = to_base64url(random_.bytes(token_bytes));
  ClientRequest wanted = request_of(metadata, nullptr);
  wanted.tenant = account.tenant;
  wanted.owner_id = account.user.id;
  // A client without a name is called by a random one, so that people can tell two apart.
  if (wanted.name.empty()) wanted.name = "client-" + to_hex(random_.bytes(4));
  wanted.registration_token_hash = sha256_hex(token);
  GH_TRY(registered, clients_.create(wanted));
  json::object answer = view(registered.client, token);
  if (!registered.secret.empty()) {
    answer["client_secret"] = registered.secret;
    answer["client_secret_expires_at"] = 0;
  }
  return answer;
}

Result<json::object> DynamicRegistrationEndpoint::update_client(const http::Request& request,
                                                                const std::string& client_id) {
  GH_TRY(client, authorised(request, client_id));
  const Result<json::object> body = parse_json_object(request.body);
  if (!body) return refuse(invalid_client_metadata, "The body is not a JSON object");
  // RFC 7592, section 2.2: the client names itself, and sends back nothing that is ours to say.
  if (text_or(*body, "client_id", "") != client_id) {
    return refuse(invalid_client_metadata, "'client_id' must be the client's own");
  }
  for (const char* ours : {"registration_access_token", "registration_client_uri",
                           "client_secret_expires_at", "client_id_issued_at"}) {
    if (body->contains(ours)) {
      return refuse(invalid_client_metadata, fmt::format("'{}' is not the client's to say", ours));
    }
  }
  if (body->contains("client_secret")) {
    const Instant now = clock_.now();
    GH_TRY(known, apis_.read([&](Transaction& transaction) {
      return ClientStore(transaction).find_known(client_id, now);
    }));
    const bool matches = is_one_of(text_or(*body, "client_secret", ""), known.secrets);
    if (!matches) return refuse(invalid_client_metadata, "'client_secret' is not the client's");
  }
  GH_TRY(offer, offer_to(client.tenant));
  GH_TRY(metadata, registered_metadata(*body, offer));
  if (has_no_secret(client.document) != has_no_secret(metadata)) {
    return refuse(invalid_client_metadata,
                  "A client does not become public, nor the reverse; register another one");
  }
  ClientRequest wanted = request_of(metadata, &client);
  if (wanted.name.empty()) wanted.name = client.name;
  GH_CHECK(clients_.update(client_id, wanted));
  GH_TRY(changed, authorised(request, client_id));
  return view(changed, *bearer_token(request.headers.value_or("Authorization", "")));
}

Result<Offer> DynamicRegistrationEndpoint::offer_to(model::TenantNumber tenant) const {
  GH_TRY(implicit, directory_.has_domain(tenant, implicit_tenants_));
  return Offer{.signing = signing_, .implicit = implicit};
}

Result<Account> DynamicRegistrationEndpoint::administrator_of(const http::Request& request) {
  if (request.headers.count("Authorization") != 1) {
    return refuse(invalid_token, "An administrator registers clients");
  }
  const std::string_view authorization = request.headers.value_or("Authorization", "");
  Result<Identity> identity = authenticator_.authenticate(authorization);
  if (!identity && identity.error().code == ErrorCode::unauthenticated) {
    return refuse(invalid_token, identity.error().message);
  }
  GH_CHECK(identity);
  const auto& scopes = identity->scopes;
  const bool may = is_basic(authorization)
                       ? identity->account.has_role(storage::admin_role)
                       : std::find(scopes.begin(), scopes.end(), admin_scope) != scopes.end();
  if (!may) return refuse(insufficient_scope, "Registering clients needs apim:admin");
  return std::move(identity->account);
}

Result<Client> DynamicRegistrationEndpoint::authorised(const http::Request& request,
                                                       const std::string& client_id) const {
  const auto refused = [] {
    return refuse(invalid_token, "The registration access token does not hold");
  };
  const std::optional<std::string> token =
      bearer_token(request.headers.value_or("Authorization", ""));
  if (!token || request.headers.count("Authorization") != 1) return refused();
  Result<Client> client = apis_.read(
      [&](Transaction& transaction) { return ClientStore(transaction).find(client_id); });
  if (!client && client.error().code != ErrorCode::not_found) return client;
  // One that was registered elsewhere has no such token, and a missing one none at all.
  const std::string hash = client ? text_or(client->document, token_hash, "") : "";
  if (hash.empty() || !equals_in_constant_time(hash, sha256_hex(*token))) return refused();
  return client;
}

json::object DynamicRegistrationEndpoint::view(const Client& client,
                                               const std::string& token) const {
  json::object answer;
  for (const auto& member : client.document) {
    const std::string_view name = member.key();
    const std::vector<std::string_view> known = registered_members();
    const std::string_view plain = name.substr(0, name.find('#'));
    if (std::find(known.begin(), known.end(), plain) != known.end()) answer[name] = member.value();
  }
  answer["client_id"] = client.client_id;
  answer["client_id_issued_at"] = to_ms(client.created_at) / 1000;
  answer["client_name"] = client.name;
  answer["grant_types"] = gatehouse::to_json(client.grant_types);
  answer["redirect_uris"] = gatehouse::to_json(client.callback_urls);
  answer["registration_access_token"] = token;
  answer["registration_client_uri"] =
      base_url_ + "/oauth2/register/" + percent_encode(client.client_id);
  return answer;
}

}  // namespace gatehouse::keymanager
