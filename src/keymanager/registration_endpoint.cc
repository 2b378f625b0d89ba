// SPDX-License-Identifier: Apache-2.0
#include "keymanager/registration_endpoint.h"

#include <array>

#include "core/id.h"
#include "core/text.h"
#include "keymanager/client_kind.h"
#include "keymanager/internal_answer.h"
#include "rest/problems.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::array texts{"callbackUrl", "clientName", "owner",
                           "grantType",   "tokenType",  "tokenScope"};
constexpr std::array flags{"saasApp", "userstoreDomainInSubject"};

// A flag may come as text: that is what the contract's document says it is.
bool is_flag(const json::value& value) {
  return value.is_bool() || value == json::value("true") || value == json::value("false");
}

Result<> check_members(const json::object& body) {
  for (const auto& [name, value] : body) {
    const bool is_text = std::find(texts.begin(), texts.end(), name) != texts.end();
    const bool is_switch = std::find(flags.begin(), flags.end(), name) != flags.end();
    const bool good =
        (is_text && (value.is_string() || value.is_null())) || (is_switch && is_flag(value));
    if (!good) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("'{}' is not a member of this body, or of a wrong type",
                              std::string_view(name)));
    }
  }
  return {};
}

bool is_true(const json::object& body, std::string_view name) {
  return flag_or(body, name, false) || text_or(body, name, "") == "true";
}

// The answer names the same thing in two spellings, because clients of both are in the field.
json::object answer_of(const json::object& body, const Registered& registered,
                       const std::string& owner) {
  const storage::Client& client = registered.client;
  const std::string callback = text_or(body, "callbackUrl", "");
  const std::string grants = join(client.grant_types, " ");
  return {{"clientId", client.client_id},
          {"clientName", client.name},
          {"clientSecret", registered.secret},
          {"callbackUrl", callback},
          {"callBackURL", callback},
          {"isSaasApplication", flag_or(client.document, all_tenants_member, false)},
          {"appOwner", owner},
          {"jsonString", json::serialize(json::object{{"grant_types", grants},
                                                      {"redirect_uris", callback},
                                                      {"client_name", client.name}})},
          {"jsonAppAttribute", "{}"},
          {"applicationUUID", nullptr},
          {"tokenType", client.token_type == "JWT" ? "JWT" : "DEFAULT"}};
}

}  // namespace

http::Response RegistrationEndpoint::handle(const http::Request& request) {
  const Result<json::object> answer = register_client(request);
  return answer ? internal_answer(200, *answer) : internal_refusal(answer.error());
}

Result<json::object> RegistrationEndpoint::register_client(const http::Request& request) {
  GH_TRY(caller, caller_of(request));
  GH_TRY(body, parse_json_object(request.body));
  GH_CHECK(check_members(body));
  GH_TRY(owner, owner_of(body, caller));
  ClientRequest wanted;
  wanted.tenant = owner.tenant;
  wanted.name = text_or(body, "clientName", "");
  wanted.owner_id = owner.user.id;
  wanted.grant_types = split_words(text_or(body, "grantType", ""));
  if (const std::string callback = text_or(body, "callbackUrl", ""); !callback.empty()) {
    wanted.callback_urls.push_back(callback);
  }
  wanted.token_type = text_or(body, "tokenType", "") == "JWT" ? "JWT" : "OAUTH";
  // It meets users who are not its owner's, so the platform's administrators alone make one.
  wanted.all_tenants = is_true(body, "saasApp") && owner.tenant == model::first_tenant &&
                       caller.has_role(storage::admin_role);
  GH_TRY(registered, clients_.create_or_extend(wanted));
  return answer_of(body, registered, owner.user.name);
}

Result<Account> RegistrationEndpoint::caller_of(const http::Request& request) {
  if (request.headers.count("Authorization") != 1) return rest::refuse(rest::credentials_missing);
  const std::optional<NameAndSecret> pair =
      basic_credentials(request.headers.value_or("Authorization", ""));
  if (!pair) return rest::refuse(rest::authorization_malformed);
  Result<Account> account = login_.check_remembered(*pair);
  if (!account && account.error().code == ErrorCode::unauthenticated) {
    return rest::refuse(rest::credentials_invalid);
  }
  return account;
}

Result<Account> RegistrationEndpoint::owner_of(const json::object& body,
                                               const Account& caller) const {
  const std::string name = text_or(body, "owner", "");
  if (name.empty()) return caller;
  Result<Account> owner = directory_.by_name(name);
  const bool own = owner && owner->user.id == caller.user.id;
  if (own) return owner;
  if (!caller.has_role(storage::admin_role)) return rest::refuse(rest::permission_missing);
  if (!owner || owner->tenant != caller.tenant) {
    return fail(ErrorCode::invalid_argument, "There is no such owner");
  }
  return owner;
}

}  // namespace gatehouse::keymanager
