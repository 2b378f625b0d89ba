// SPDX-License-Identifier: Apache-2.0
#include "keymanager/grants/token_exchange.h"

#include <algorithm>

#include "jose/claims.h"
#include "jose/jwt.h"
#include "keymanager/client_kind.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view access_type = "urn:ietf:params:oauth:token-type:access_token";
constexpr std::string_view id_type = "urn:ietf:params:oauth:token-type:id_token";
constexpr std::string_view jwt_type = "urn:ietf:params:oauth:token-type:jwt";
constexpr std::size_t actors_max = 8;

tl::unexpected<Error> not_valid(const char* role, std::string detail) {
  return refuse(invalid_request, fmt::format("'{}' does not hold or may not be used here", role),
                std::move(detail));
}

// How deep the actors of a token go.
std::size_t depth_of(const json::object& actor) {
  std::size_t depth = 0;
  for (const json::object* at = &actor; at != nullptr && !at->empty(); at = object_at(*at, "act")) {
    ++depth;
  }
  return depth;
}

// RFC 8693, section 4.4: every member of may_act is one of the actor's.
bool may_be(const json::object& may_act, const json::object& actor) {
  return std::all_of(may_act.begin(), may_act.end(), [&](const auto& member) {
    const json::value* value = actor.if_contains(member.key());
    return value != nullptr && *value == member.value();
  });
}

// What comes out: an opaque token is no JWT.
Result<std::string> issued_type(const Form& form, const storage::Client& client) {
  const std::string_view asked = form.text("requested_token_type");
  if (asked.empty() || asked == access_type) return std::string(access_type);
  if (asked == jwt_type && client.token_type == "JWT") return std::string(jwt_type);
  return refuse(invalid_request, "The requested token type is not issued to this client");
}

}  // namespace

Result<Entitlement> TokenExchangeGrant::decide(const Form& form, const storage::Client& client) {
  GH_TRY(issued, issued_type(form, client));
  GH_TRY(subject, party_of(form, "subject_token", client));
  if (subject.user_id.empty()) return not_valid("subject_token", "it stands for no user");
  const model::TenantNumber home = subject.user_tenant == 0 ? client.tenant : subject.user_tenant;
  const Result<Account> account = parts_.directory.by_id(home, subject.user_id);
  if (!account && account.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(account.error());
  }
  if (!account || !account->active()) return not_valid("subject_token", "the user is not active");
  if (!serves(client, home)) return not_valid("subject_token", "the user is of another tenant");
  GH_TRY(actor, actor_of(form, client, subject));
  GH_TRY(scopes, scopes_of(form, subject, *account));
  const auto left =
      std::chrono::duration_cast<std::chrono::seconds>(subject.expires_at - parts_.clock.now());
  if (left.count() < 1) return not_valid("subject_token", "it is about to expire");
  return Entitlement{.client = client,
                     .user_id = account->user.id,
                     .user = account->user.name,
                     .scopes = std::move(scopes),
                     .grant_type = std::string(type()),
                     .seconds = std::min<std::int64_t>(client.access_token_seconds, left.count()),
                     .family = std::move(subject.family),
                     .details = {.audiences = std::move(subject.audiences),
                                 .actor = std::move(actor),
                                 .user_tenant = foreign_tenant(client, home)},
                     .issued_token_type = std::move(issued)};
}

Result<TokenExchangeGrant::Party> TokenExchangeGrant::party_of(const Form& form, const char* role,
                                                               const storage::Client& client) {
  GH_TRY(token, form.required(role));
  GH_TRY(type, form.required(fmt::format("{}_type", role)));
  Result<Party> party = refuse(invalid_request, fmt::format("'{}_type' is not supported", role));
  if (type == access_type) party = of_access_token(token, client);
  if (type == id_type) party = of_id_token(token, client);
  if (type == jwt_type) {
    const Result<json::object> claims = jose::unverified_claims(token);
    const bool ours = claims && text_or(*claims, "iss", "") == issuer_;
    party = ours ? of_access_token(token, client) : of_foreign_token(token, client);
  }
  if (!party && party.error().code == ErrorCode::unauthenticated) {
    return not_valid(role, party.error().detail);
  }
  return party;
}

Result<TokenExchangeGrant::Party> TokenExchangeGrant::of_access_token(
    const std::string& token, const storage::Client& client) {
  const auto refused = [](const char* why) {
    return fail(ErrorCode::unauthenticated, "The token does not hold", why);
  };
  GH_TRY(validation, parts_.validator.validate_one(token));
  if (!validation.active || validation.tenant != client.tenant) return refused("not active");
  if (!validation.key_thumbprint.empty() || !validation.certificate_thumbprint.empty()) {
    return refused("bound to a key or certificate");
  }
  Party party{.client_id = std::move(validation.client_id),
              .user_id = std::move(validation.user_id),
              .family = std::move(validation.family),
              .scopes = std::move(validation.scopes),
              .has_scopes = true,
              .audiences = std::move(validation.audiences),
              .actor = std::move(validation.actor),
              .user_tenant = validation.user_tenant,
              .expires_at = validation.expires_at};
  return party;
}

Result<TokenExchangeGrant::Party> TokenExchangeGrant::of_id_token(
    const std::string& token, const storage::Client& client) const {
  GH_TRY(jwt, jose::verify(token, parts_.keys.current()->published));
  if (jwt.type != "JWT") return fail(ErrorCode::unauthenticated, "No ID token", "its typ");
  GH_TRY(lifetime, jose::check_claims(jwt.claims, {.issuer = issuer_,
                                                   .audience = client.client_id,
                                                   .now = parts_.clock.now()}));
  return Party{.client_id = client.client_id,
               .user_id = text_or(jwt.claims, "sub", ""),
               .expires_at = lifetime.expires_at};
}

Result<TokenExchangeGrant::Party> TokenExchangeGrant::of_foreign_token(
    const std::string& token, const storage::Client& client) {
  GH_TRY(vouched, parts_.issuers.believe(client.tenant, token, TrustedIssuers::Uses::many));
  GH_TRY(account, vouched_user(parts_.directory, client.tenant, vouched.subject));
  Party party{.user_id = account.user.id, .expires_at = vouched.expires_at};
  if (const json::object* may_act = object_at(vouched.claims, "may_act")) party.may_act = *may_act;
  if (const json::object* actor = object_at(vouched.claims, "act")) party.actor = *actor;
  return party;
}

Result<json::object> TokenExchangeGrant::actor_of(const Form& form, const storage::Client& client,
                                                  const Party& subject) {
  if (!form.has("actor_token")) {
    if (form.has("actor_token_type")) return not_valid("actor_token", "it is missing");
    if (!subject.may_act.empty()) return not_valid("actor_token", "may_act wants one");
    return subject.actor;
  }
  GH_TRY(party, party_of(form, "actor_token", client));
  json::object actor{{"sub", party.user_id.empty() ? party.client_id : party.user_id}};
  if (!may_be(subject.may_act, actor)) return not_valid("actor_token", "may_act names another");
  if (!subject.actor.empty()) actor["act"] = subject.actor;
  if (depth_of(actor) > actors_max) return not_valid("actor_token", "too many actors");
  return actor;
}

Result<std::vector<std::string>> TokenExchangeGrant::scopes_of(const Form& form,
                                                               const Party& subject,
                                                               const Account& account) const {
  GH_TRY(asked, form.scopes());
  for (const std::string& scope : asked) {
    const bool has = !subject.has_scopes || std::find(subject.scopes.begin(), subject.scopes.end(),
                                                      scope) != subject.scopes.end();
    if (!has) return refuse(invalid_scope, "The subject token does not have a scope");
  }
  if (asked.empty()) asked = subject.scopes;
  const HolderKind kind = subject.user_tenant == 0 ? HolderKind::user : HolderKind::guest;
  return parts_.scopes.allowed({kind, account.tenant, account.roles}, asked);
}

}  // namespace gatehouse::keymanager
