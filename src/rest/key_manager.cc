// SPDX-License-Identifier: Apache-2.0
#include "rest/key_manager.h"

#include "core/json.h"
#include "core/text.h"

namespace gatehouse::rest {

namespace {

using namespace std::chrono_literals;

constexpr auto answer_time_max = 10s;
constexpr std::string_view base = "/internal/keys/v1";

ErrorCode code_of(int status) {
  switch (status) {
    case 400: return ErrorCode::invalid_argument;
    case 401: return ErrorCode::unauthenticated;
    case 403: return ErrorCode::forbidden;
    case 404: return ErrorCode::not_found;
    case 409: return ErrorCode::conflict;
    default: return ErrorCode::unavailable;
  }
}

tl::unexpected<Error> error_from(const http::Response& answer) {
  const Result<json::object> problem = parse_json_object(answer.body);
  const json::object body = problem ? *problem : json::object();
  const auto number = static_cast<std::uint32_t>(number_or(body, "code", 0));
  return fail(code_of(answer.status), text_or(body, "description", "The key manager did not do it"),
              fmt::format("key manager: {}", answer.status), number < 1'000 ? 0 : number);
}

// An answer without a body is an empty object.
Result<json::object> ask(http::Client& key_manager, std::string method, std::string_view path,
                         const json::object& body) {
  const http::Request request =
      http::make_request(std::move(method), fmt::format("{}{}", base, path), json::serialize(body),
                         "application/json");
  GH_TRY(answer, key_manager.ask(request, answer_time_max));
  if (answer.status >= 300) return error_from(answer);
  if (answer.body.empty()) return json::object();
  return parse_json_object(answer.body);
}

std::string path_of(std::string_view client_id, std::string_view action = "") {
  return fmt::format("/clients/{}{}", percent_encode(client_id), action);
}

SecretInfo secret_from(const json::object& answer) {
  return {text_or(answer, "id", ""), text_or(answer, "description", ""),
          text_or(answer, "hint", ""), text_or(answer, "client_secret", ""),
          from_ms(number_or(answer, "expires_at_ms", 0))};
}

json::object to_json(const ClientSettings& settings) {
  json::object body;
  body["tenant"] = settings.tenant;
  body["name"] = settings.name;
  body["owner_id"] = settings.owner_id;
  body["grant_types"] = gatehouse::to_json(settings.grant_types);
  body["callback_urls"] = gatehouse::to_json(settings.callback_urls);
  body["token_type"] = settings.token_type;
  body["access_token_seconds"] = settings.access_token_seconds;
  body["refresh_token_seconds"] = settings.refresh_token_seconds;
  return body;
}

json::object to_json(const ProviderClient& client, const ClientSettings& settings) {
  json::object body = to_json(settings);
  body["key_manager"] = client.key_manager;
  body["client_id"] = client.id;
  body["registration"] = client.registration;
  return body;
}

Result<IssuedProviderClient> ask_provider(http::Client& key_manager, std::string_view action,
                                          const json::object& body) {
  GH_TRY(answer, ask(key_manager, "POST", fmt::format("/provider-clients{}", action), body));
  return IssuedProviderClient{
      .client = {text_or(answer, "client_id", ""), text_or(answer, "client_secret", "")},
      .registration = text_or(answer, "registration", "")};
}

Result<> tell_of_user(http::Client& key_manager, std::string_view path, model::TenantNumber tenant,
                      std::string_view user_id) {
  json::object body;
  body["tenant"] = tenant;
  body["user_id"] = user_id;
  GH_CHECK(ask(key_manager, "POST", path, body));
  return {};
}

}  // namespace

Result<IssuedClient> create_client(http::Client& key_manager, const ClientSettings& settings) {
  GH_TRY(answer, ask(key_manager, "POST", "/clients", to_json(settings)));
  return IssuedClient{text_or(answer, "client_id", ""), text_or(answer, "client_secret", "")};
}

Result<> update_client(http::Client& key_manager, std::string_view client_id,
                       const ClientSettings& settings) {
  GH_CHECK(ask(key_manager, "PUT", path_of(client_id), to_json(settings)));
  return {};
}

Result<> delete_client(http::Client& key_manager, std::string_view client_id) {
  const auto answer = ask(key_manager, "DELETE", path_of(client_id), {});
  if (!answer && answer.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(answer.error());
  }
  return {};
}

Result<std::string> regenerate_secret(http::Client& key_manager, std::string_view client_id) {
  GH_TRY(answer, ask(key_manager, "POST", path_of(client_id, "/regenerate-secret"), {}));
  return text_or(answer, "client_secret", "");
}

Result<IssuedProviderClient> create_provider_client(http::Client& key_manager,
                                                    const std::string& provider,
                                                    const ClientSettings& settings) {
  return ask_provider(key_manager, "",
                      to_json({.key_manager = provider, .id = {}, .registration = {}}, settings));
}

Result<IssuedProviderClient> update_provider_client(http::Client& key_manager,
                                                    const ProviderClient& client,
                                                    const ClientSettings& settings) {
  return ask_provider(key_manager, "/update", to_json(client, settings));
}

Result<> delete_provider_client(http::Client& key_manager, const ProviderClient& client,
                                model::TenantNumber tenant) {
  ClientSettings settings;
  settings.tenant = tenant;
  GH_CHECK(ask(key_manager, "POST", "/provider-clients/remove", to_json(client, settings)));
  return {};
}

Result<std::vector<SecretInfo>> list_secrets(http::Client& key_manager,
                                             std::string_view client_id) {
  GH_TRY(answer, ask(key_manager, "GET", path_of(client_id, "/secrets"), {}));
  std::vector<SecretInfo> secrets;
  const json::array* list = array_at(answer, "list");
  for (const json::value& item : list == nullptr ? json::array() : *list) {
    if (item.is_object()) secrets.push_back(secret_from(item.get_object()));
  }
  return secrets;
}

Result<SecretInfo> add_secret(http::Client& key_manager, std::string_view client_id,
                              const SecretWish& wish) {
  GH_TRY(answer, ask(key_manager, "POST", path_of(client_id, "/secrets"),
                     json::object{{"description", wish.description}, {"seconds", wish.seconds}}));
  return secret_from(answer);
}

Result<> revoke_secret(http::Client& key_manager, std::string_view client_id,
                       std::string_view secret_id) {
  GH_CHECK(ask(key_manager, "POST", path_of(client_id, "/revoke-secret"),
               json::object{{"id", secret_id}}));
  return {};
}

Result<ExistingClient> check_client(http::Client& key_manager, const ClientProof& proof) {
  GH_TRY(answer, ask(key_manager, "POST", path_of(proof.client_id, "/check"),
                     json::object{{"tenant", proof.tenant}, {"client_secret", proof.secret}}));
  return ExistingClient{texts_of(answer, "grant_types"), texts_of(answer, "callback_urls"),
                        number_or(answer, "access_token_seconds", 3'600)};
}

Result<IssuedToken> issue_token(http::Client& key_manager, std::string_view client_id,
                                const TokenRequest& request) {
  json::object body;
  body["scopes"] = gatehouse::to_json(request.scopes);
  body["seconds"] = request.seconds;
  GH_TRY(answer, ask(key_manager, "POST", path_of(client_id, "/token"), body));
  return IssuedToken{text_or(answer, "access_token", ""), split_words(text_or(answer, "scope", "")),
                     number_or(answer, "expires_in", request.seconds)};
}

Result<json::object> read_provider_metadata(http::Client& key_manager, std::string_view url) {
  return ask(key_manager, "POST", "/provider-metadata", json::object{{"url", url}});
}

Result<json::object> read_provider_keys(http::Client& key_manager,
                                        const json::object& certificates) {
  GH_TRY(answer, ask(key_manager, "POST", "/provider-keys", certificates));
  const json::object* key_set = object_at(answer, "key_set");
  return key_set == nullptr ? json::object() : *key_set;
}

Result<std::string> issue_try_out_key(http::Client& key_manager, std::string_view api_id,
                                      std::string_view user_id) {
  GH_TRY(answer, ask(key_manager, "POST", "/try-out-key",
                     json::object{{"api_id", api_id}, {"user_id", user_id}}));
  return text_or(answer, "key", "");
}

Result<> tell_user_changed(http::Client& key_manager, model::TenantNumber tenant,
                           std::string_view user_id) {
  return tell_of_user(key_manager, "/user-changed", tenant, user_id);
}

Result<> tell_tenant_changed(http::Client& key_manager, model::TenantNumber tenant) {
  GH_CHECK(ask(key_manager, "POST", "/tenant-changed", json::object{{"tenant", tenant}}));
  return {};
}

Result<> revoke_user(http::Client& key_manager, model::TenantNumber tenant,
                     std::string_view user_id) {
  return tell_of_user(key_manager, "/revoke-user", tenant, user_id);
}

Result<PasswordLink> make_password_link(http::Client& key_manager, model::TenantNumber tenant,
                                        std::string_view user_id, Delivery delivery) {
  const json::object body{
      {"tenant", tenant}, {"user_id", user_id}, {"mail", delivery == Delivery::mailed}};
  GH_TRY(answer, ask(key_manager, "POST", "/password-reset", body));
  return PasswordLink{text_or(answer, "link", ""), from_ms(number_or(answer, "expires_at_ms", 0))};
}

Result<bool> is_password(http::Client& key_manager, const Caller& caller,
                         std::string_view password) {
  const json::object body{
      {"tenant", caller.tenant}, {"user_id", caller.user_id}, {"password", password}};
  GH_TRY(answer, ask(key_manager, "POST", "/check-password", body));
  return flag_or(answer, "right", false);
}

}  // namespace gatehouse::rest
