// SPDX-License-Identifier: Apache-2.0
#include "rest/authentication.h"

#include <fmt/format.h>

#include "core/text.h"
#include "rest/problems.h"

namespace gatehouse::rest {

namespace {

using namespace std::chrono_literals;

constexpr auto answer_time_max = 5s;

Result<Caller> caller_from(std::string_view body) {
  GH_TRY(object, parse_json_object(body));
  Caller caller;
  caller.tenant = number_or(object, "tenant", model::first_tenant);
  caller.tenant_domain = text_or(object, "tenant_domain", "");
  caller.user_id = text_or(object, "user_id", "");
  caller.user = text_or(object, "user", "");
  caller.roles = texts_of(object, "roles");
  caller.scopes = texts_of(object, "scopes");
  if (caller.anonymous()) return refuse(user_required);
  return caller;
}

Result<Caller> nobody_of(std::string_view domain, http::Client& key_manager) {
  Caller nobody;
  nobody.tenant_domain = "carbon.super";
  if (domain.empty() || domain == nobody.tenant_domain) return nobody;
  if (!is_utf8(domain)) return refuse(tenant_not_found);
  const http::Request ask =
      http::make_request("POST", "/internal/keys/v1/tenant",
                         json::serialize(json::object{{"domain", domain}}), "application/json");
  GH_TRY(answer, key_manager.ask(ask, answer_time_max));
  if (answer.status == 404) return refuse(tenant_not_found);
  if (answer.status != 200) {
    return fail(ErrorCode::unavailable, "The key manager cannot answer now",
                fmt::format("it answered {}", answer.status));
  }
  GH_TRY(tenant, parse_json_object(answer.body));
  nobody.tenant = number_or(tenant, "tenant", model::first_tenant);
  nobody.tenant_domain = text_or(tenant, "tenant_domain", "");
  return nobody;
}

// The key manager's own words for a refusal: expired, locked, unknown.
tl::unexpected<Error> refusal_from(std::string_view body) {
  const Result<json::object> problem = parse_json_object(body);
  if (!problem) return refuse(credentials_invalid);
  const auto number = number_or(*problem, "code", credentials_invalid.number);
  return fail(ErrorCode::unauthenticated,
              text_or(*problem, "description", credentials_invalid.message), "",
              static_cast<std::uint32_t>(number));
}

}  // namespace

Result<Caller> authenticate(const http::Request& request, http::Client& key_manager) {
  const std::string* authorization = request.headers.find("Authorization");
  if (authorization == nullptr) {
    return nobody_of(request.headers.value_or("X-WSO2-Tenant", ""), key_manager);
  }
  if (request.headers.count("Authorization") > 1) return refuse(authorization_malformed);
  json::object question;
  // Only text can be a JSON string; anything else is no credential of ours.
  if (!is_utf8(*authorization)) return refuse(authorization_malformed);
  question["authorization"] = *authorization;
  http::Request ask = http::make_request("POST", "/internal/keys/v1/authenticate",
                                         json::serialize(question), "application/json");
  ask.peer = request.peer;
  GH_TRY(answer, key_manager.ask(ask, answer_time_max));
  if (answer.status == 200) return caller_from(answer.body);
  if (answer.status == 401) return refusal_from(answer.body);
  return fail(ErrorCode::unavailable, "The key manager cannot answer now",
              fmt::format("it answered {}", answer.status));
}

}  // namespace gatehouse::rest
