// SPDX-License-Identifier: Apache-2.0
#include "keymanager/internal_endpoints.h"

#include "jose/opaque_token.h"
#include "keymanager/internal_answer.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view validate_path = "/internal/keys/v1/validate";

json::object to_json(const TokenValidator::Answer& answer) {
  json::array list;
  for (const model::Validation& validation : answer.list) {
    list.push_back(model::to_json(validation));
  }
  return {{"revocation", answer.revocation}, {"list", std::move(list)}};
}

Result<std::vector<std::string>> tokens_of(const json::object& body) {
  const json::array* array = array_at(body, "tokens");
  if (array == nullptr || array->size() > TokenValidator::tokens_max) {
    return fail(ErrorCode::invalid_argument, "'tokens' must be a list of at most 256 texts");
  }
  std::vector<std::string> tokens = texts_of(body, "tokens");
  if (tokens.size() != array->size()) {
    return fail(ErrorCode::invalid_argument, "'tokens' must hold texts only");
  }
  return tokens;
}

ClientRequest client_request_from(const json::object& body) {
  ClientRequest request;
  request.tenant = number_or(body, "tenant", model::first_tenant);
  request.name = text_or(body, "name", "");
  request.owner_id = text_or(body, "owner_id", "");
  request.grant_types = texts_of(body, "grant_types");
  request.callback_urls = texts_of(body, "callback_urls");
  request.token_type = text_or(body, "token_type", "OAUTH");
  request.access_token_seconds = number_or(body, "access_token_seconds", 3600);
  request.refresh_token_seconds = number_or(body, "refresh_token_seconds", 86'400);
  return request;
}

json::object to_json(const storage::ClientSecret& secret) {
  return {{"id", secret.id},
          {"description", secret.description},
          {"hint", secret.hint},
          {"created_at_ms", to_ms(secret.created_at)},
          {"expires_at_ms", to_ms(secret.expires_at)}};
}

ProviderClients::Handle handle_from(const json::object& body) {
  return {.tenant = number_or(body, "tenant", model::first_tenant),
          .key_manager = text_or(body, "key_manager", ""),
          .client_id = text_or(body, "client_id", ""),
          .registration = text_or(body, "registration", "")};
}

json::object to_json(const ProviderClients::Made& made) {
  return {{"client_id", made.client_id},
          {"client_secret", made.secret},
          {"registration", made.registration}};
}

struct NamedUser {
  model::TenantNumber tenant;
  std::string user_id;
};

Result<NamedUser> user_from(const json::object& body) {
  NamedUser user{number_or(body, "tenant", model::first_tenant), text_or(body, "user_id", "")};
  if (user.user_id.empty()) return fail(ErrorCode::invalid_argument, "'user_id' is missing");
  return user;
}

}  // namespace

InternalEndpoints::InternalEndpoints(const InternalParts& parts)
    : validator_(parts.validator),
      authenticator_(parts.authenticator),
      clients_(parts.clients),
      secrets_(parts.secrets),
      revocations_(parts.revocations),
      provider_reader_(parts.provider_reader),
      provider_tokens_(parts.provider_tokens),
      provider_clients_(parts.provider_clients),
      directory_(parts.directory),
      forgotten_(parts.forgotten),
      login_(parts.login),
      try_out_keys_(parts.try_out_keys) {
  mount();
}

void InternalEndpoints::mount() {
  using Self = InternalEndpoints;
  on("POST", "/internal/keys/v1/validate", 200, &Self::validate);
  on("POST", "/internal/keys/v1/provider-metadata", 200, &Self::read_provider_metadata);
  on("POST", "/internal/keys/v1/provider-keys", 200, &Self::read_provider_keys);
  on("POST", "/internal/keys/v1/authenticate", 200, &Self::authenticate);
  on("POST", "/internal/keys/v1/check-password", 200, &Self::check_password);
  on("POST", "/internal/keys/v1/clients", 201, &Self::create_client);
  on("PUT", "/internal/keys/v1/clients/*", 200, &Self::update_client);
  on("DELETE", "/internal/keys/v1/clients/*", 204, &Self::remove_client);
  on("POST", "/internal/keys/v1/clients/*/regenerate-secret", 200, &Self::regenerate_secret);
  on("GET", "/internal/keys/v1/clients/*/secrets", 200, &Self::list_secrets);
  on("POST", "/internal/keys/v1/clients/*/secrets", 201, &Self::add_secret);
  on("POST", "/internal/keys/v1/clients/*/revoke-secret", 204, &Self::revoke_secret);
  on("POST", "/internal/keys/v1/clients/*/check", 200, &Self::check_client);
  on("POST", "/internal/keys/v1/clients/*/token", 200, &Self::issue_token);
  on("POST", "/internal/keys/v1/provider-clients", 201, &Self::create_provider_client);
  on("POST", "/internal/keys/v1/provider-clients/update", 200, &Self::update_provider_client);
  on("POST", "/internal/keys/v1/provider-clients/remove", 204, &Self::remove_provider_client);
  on("POST", "/internal/keys/v1/revoke-user", 204, &Self::revoke_user);
  on("POST", "/internal/keys/v1/password-reset", 201, &Self::reset_password);
  on("POST", "/internal/keys/v1/user-changed", 204, &Self::user_changed);
  on("POST", "/internal/keys/v1/tenant-changed", 204, &Self::tenant_changed);
  on("POST", "/internal/keys/v1/try-out-key", 200, &Self::issue_try_out_key);
  on("POST", "/internal/keys/v1/tenant", 200, &Self::find_tenant);
}

void InternalEndpoints::on(const char* method, const char* path, int status,
                           Reply (InternalEndpoints::*endpoint)(const json::object&,
                                                                const std::string&)) {
  routes_.add(method, path, [=, this](const http::Request& request, const std::string& id) {
    Result<json::object> body = json::object();
    if (!request.body.empty()) body = parse_json_object(request.body);
    if (!body) return internal_refusal(body.error());
    const Reply reply = (this->*endpoint)(*body, id);
    if (!reply) return internal_refusal(reply.error());
    return status == 204 ? internal_done() : internal_answer(status, *reply);
  });
}

std::optional<http::Response> InternalEndpoints::try_answer(const http::Request& request) {
  if (validator_.cache() == nullptr || request.method != "POST" || request.path != validate_path) {
    return std::nullopt;
  }
  const Result<json::object> body = parse_json_object(request.body);
  if (!body) return std::nullopt;
  const Result<std::vector<std::string>> tokens = tokens_of(*body);
  if (!tokens || body->contains("tenant")) return std::nullopt;
  std::optional<std::string> answer = validator_.remembered_json(*tokens);
  if (!answer) return std::nullopt;
  return internal_answer(200, *std::move(answer));
}

http::Response InternalEndpoints::handle(const http::Request& request) {
  return routes_.answer(request);
}

InternalEndpoints::Reply InternalEndpoints::validate(const json::object& body, const std::string&) {
  GH_TRY(tokens, tokens_of(body));
  const model::TenantNumber tenant = number_or(body, "tenant", 0);
  if (tenant != 0 && tokens.size() == 1) return validate_foreign(tenant, tokens.front());
  GH_TRY(answer, validator_.validate(tokens));
  return to_json(answer);
}

// A token that looks like one of ours goes to nobody else.
InternalEndpoints::Reply InternalEndpoints::validate_foreign(model::TenantNumber tenant,
                                                             const std::string& token) {
  GH_TRY(answer, validator_.validate({token}));
  const bool ours = jose::opaque_token_end(jose::OpaqueKind::access, token) ||
                    jose::opaque_token_end(jose::OpaqueKind::refresh, token);
  if (answer.list.front().active || ours) return to_json(answer);
  GH_TRY(validation, provider_tokens_.validate(tenant, token));
  answer.list.front() = std::move(validation);
  return to_json(answer);
}

InternalEndpoints::Reply InternalEndpoints::read_provider_metadata(const json::object& body,
                                                                   const std::string&) {
  return provider_reader_.metadata(text_or(body, "url", ""));
}

InternalEndpoints::Reply InternalEndpoints::read_provider_keys(const json::object& body,
                                                               const std::string&) {
  GH_TRY(key_set, provider_reader_.key_set(body));
  return json::object{{"key_set", std::move(key_set)}};
}

InternalEndpoints::Reply InternalEndpoints::authenticate(const json::object& body,
                                                         const std::string&) {
  GH_TRY(identity, authenticator_.authenticate(text_or(body, "authorization", "")));
  return keymanager::to_json(identity);
}

// Neither a second factor nor the duty to change the password stands in the way of changing it.
InternalEndpoints::Reply InternalEndpoints::check_password(const json::object& body,
                                                           const std::string&) {
  GH_TRY(user, user_from(body));
  GH_TRY(account, directory_.by_id(user.tenant, user.user_id));
  const Result<Account> proved = login_.check({account.full_name(), text_or(body, "password", "")});
  if (!proved && proved.error().code != ErrorCode::unauthenticated) {
    return tl::unexpected<Error>(proved.error());
  }
  return json::object{{"right", proved && proved->user.id == account.user.id}};
}

InternalEndpoints::Reply InternalEndpoints::create_client(const json::object& body,
                                                          const std::string&) {
  GH_TRY(registered, clients_.create(client_request_from(body)));
  return json::object{{"client_id", registered.client.client_id},
                      {"client_secret", registered.secret}};
}

InternalEndpoints::Reply InternalEndpoints::update_client(const json::object& body,
                                                          const std::string& id) {
  GH_CHECK(clients_.update(id, client_request_from(body)));
  return json::object{{"client_id", id}};
}

InternalEndpoints::Reply InternalEndpoints::remove_client(const json::object&,
                                                          const std::string& id) {
  GH_CHECK(clients_.remove(id));
  return json::object();
}

InternalEndpoints::Reply InternalEndpoints::regenerate_secret(const json::object&,
                                                              const std::string& id) {
  GH_TRY(secret, clients_.regenerate_secret(id));
  return json::object{{"client_secret", secret}};
}

InternalEndpoints::Reply InternalEndpoints::list_secrets(const json::object&,
                                                         const std::string& id) {
  GH_TRY(secrets, secrets_.list(id));
  json::array list;
  for (const storage::ClientSecret& secret : secrets) list.push_back(to_json(secret));
  return json::object{{"list", std::move(list)}};
}

InternalEndpoints::Reply InternalEndpoints::add_secret(const json::object& body,
                                                       const std::string& id) {
  GH_TRY(secret, secrets_.add(id, {.description = text_or(body, "description", ""),
                                   .seconds = number_or(body, "seconds", 0)}));
  json::object answer = to_json(secret.row);
  answer["client_secret"] = secret.text;
  return answer;
}

InternalEndpoints::Reply InternalEndpoints::revoke_secret(const json::object& body,
                                                          const std::string& id) {
  GH_CHECK(secrets_.revoke(id, text_or(body, "id", "")));
  return json::object();
}

InternalEndpoints::Reply InternalEndpoints::check_client(const json::object& body,
                                                         const std::string& id) {
  GH_TRY(client, secrets_.check(id, text_or(body, "client_secret", "")));
  if (client.tenant != number_or(body, "tenant", model::first_tenant)) {
    return fail(ErrorCode::unauthenticated, "There is no such client, or its secret is wrong");
  }
  return json::object{{"client_id", client.client_id},
                      {"grant_types", gatehouse::to_json(client.grant_types)},
                      {"callback_urls", gatehouse::to_json(client.callback_urls)},
                      {"access_token_seconds", client.access_token_seconds}};
}

InternalEndpoints::Reply InternalEndpoints::issue_token(const json::object& body,
                                                        const std::string& id) {
  GH_TRY(tokens, clients_.issue_token(id, texts_of(body, "scopes"), number_or(body, "seconds", 0)));
  return json::object{{"access_token", tokens.access_token},
                      {"scope", tokens.scope_text()},
                      {"expires_in", tokens.expires_in}};
}

InternalEndpoints::Reply InternalEndpoints::create_provider_client(const json::object& body,
                                                                   const std::string&) {
  GH_TRY(made,
         provider_clients_.create(text_or(body, "key_manager", ""), client_request_from(body)));
  return to_json(made);
}

InternalEndpoints::Reply InternalEndpoints::update_provider_client(const json::object& body,
                                                                   const std::string&) {
  GH_TRY(made, provider_clients_.update(handle_from(body), client_request_from(body)));
  return to_json(made);
}

InternalEndpoints::Reply InternalEndpoints::remove_provider_client(const json::object& body,
                                                                   const std::string&) {
  GH_CHECK(provider_clients_.remove(handle_from(body)));
  return json::object();
}

InternalEndpoints::Reply InternalEndpoints::revoke_user(const json::object& body,
                                                        const std::string&) {
  GH_TRY(user, user_from(body));
  GH_CHECK(revocations_.revoke_user(user.tenant, user.user_id));
  return json::object();
}

InternalEndpoints::Reply InternalEndpoints::reset_password(const json::object& body,
                                                           const std::string&) {
  GH_TRY(user, user_from(body));
  GH_TRY(account, directory_.by_id(user.tenant, user.user_id));
  if (flag_or(body, "mail", false)) {
    GH_CHECK(forgotten_.mail_link(account));
    return json::object();
  }
  GH_TRY(link, forgotten_.make_link(account));
  return json::object{{"link", link.url}, {"expires_at_ms", to_ms(link.expires_at)}};
}

InternalEndpoints::Reply InternalEndpoints::user_changed(const json::object& body,
                                                         const std::string&) {
  GH_TRY(user, user_from(body));
  GH_CHECK(revocations_.announce_user(user.tenant, user.user_id));
  return json::object();
}

InternalEndpoints::Reply InternalEndpoints::tenant_changed(const json::object& body,
                                                           const std::string&) {
  GH_CHECK(revocations_.announce_tenant(number_or(body, "tenant", model::first_tenant)));
  return json::object();
}

InternalEndpoints::Reply InternalEndpoints::issue_try_out_key(const json::object& body,
                                                              const std::string&) {
  GH_TRY(key, try_out_keys_.issue(text_or(body, "api_id", ""), text_or(body, "user_id", "")));
  return json::object{{"key", key}};
}

InternalEndpoints::Reply InternalEndpoints::find_tenant(const json::object& body,
                                                        const std::string&) {
  GH_TRY(tenant, directory_.tenant(text_or(body, "domain", "")));
  return json::object{{"tenant", tenant.number}, {"tenant_domain", tenant.domain}};
}

}  // namespace gatehouse::keymanager
