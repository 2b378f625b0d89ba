// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/authorization_endpoint.h"

#include <algorithm>

#include "keymanager/authorize/consent_page.h"
#include "keymanager/authorize/redirect_uri.h"
#include "keymanager/client_kind.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

namespace {

// The purpose of this path's forms, and its last segment.
constexpr std::string_view page_name = "authorize";

bool holds(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

AuthorizationEndpoint::AuthorizationEndpoint(const Resources& resources, const Options& options,
                                             const AuthorizationParts& parts)
    : apis_(resources.apis),
      clock_(resources.clock),
      issuer_(options.issuer),
      implicit_tenants_(options.implicit_tenants),
      parts_(parts) {}

http::Response AuthorizationEndpoint::handle(const http::Request& request) {
  const Browser browser = parts_.pages.guard().browser_of(request);
  const bool posted = request.method == "POST";
  Result<Form> form = posted ? Form::parse(request) : Form::parse_query(request.query);
  if (!form) return parts_.pages.show_error(browser, form.error());
  if (posted && is_page_form(*form)) return go_on(browser, *form);
  return start(request, browser, *std::move(form));
}

// A client's request. Until its redirect URI is known to be the client's, faults stay here.
http::Response AuthorizationEndpoint::start(const http::Request& request, const Browser& browser,
                                            Form form) {
  const Result<storage::Client> client = client_of(form);
  if (!client) return parts_.pages.show_error(browser, client.error());
  std::string pushed_hash;
  if (PushedRequests::is_reference(form.text("request_uri"))) {
    Result<PushedRequests::Pushed> pushed =
        parts_.pushed.find(form.text("request_uri"), client->client_id);
    if (!pushed) return parts_.pages.show_error(browser, pushed.error());
    form = std::move(pushed->form);
    pushed_hash = std::move(pushed->hash);
  }
  Visit visit{.browser = browser, .client = *client, .request = {}, .origin = origin_for(*client)};
  visit.origin.answers_form = request.method == "POST";
  const Result<ReturnAddress> back = return_address(form, *client);
  if (!back) return parts_.pages.show_error(browser, back.error());
  visit.request.back = *back;
  Result<AuthorizationRequest> asked =
      authorization_request(form, *client, implicit_of(client->tenant));
  if (!asked) return refuse_to(visit, asked.error());
  visit.request = *std::move(asked);
  visit.request.pushed_hash = std::move(pushed_hash);
  const bool must_push = flag_or(client->document, "require_pushed_authorization_requests", false);
  if (must_push && visit.request.pushed_hash.empty()) {
    return refuse_to(visit, refuse(invalid_request, "This client pushes its requests").value());
  }
  Result<std::optional<Session>> session = parts_.sessions.find(browser.session);
  if (!session) return parts_.pages.show_error(browser, session.error());
  visit.session = *std::move(session);
  return proceed(visit);
}

// A form of one of our pages.
http::Response AuthorizationEndpoint::go_on(const Browser& browser, const Form& form) {
  const std::optional<json::object> memory = parts_.pages.guard().open(browser, page_name, form);
  if (!memory) return parts_.pages.show_forged(browser);
  if (SignIn::is_own(*memory)) {
    auto answer = parts_.sign_in.answer(browser, form, *memory);
    if (!answer) return parts_.pages.show_error(browser, answer.error());
    if (auto* page = std::get_if<http::Response>(&*answer)) return std::move(*page);
    auto& signed_in = std::get<SignedIn>(*answer);
    Result<Visit> visit = recall(browser, signed_in.memory);
    if (!visit) return parts_.pages.show_error(browser, visit.error());
    visit->session = std::move(signed_in.session);
    visit->cookie = std::move(signed_in.cookie);
    visit->freshness = Freshness::just_signed_in;
    http::Response response = proceed_signed_in(*visit);
    response.headers.add("Set-Cookie", visit->cookie);
    response.headers.add("Set-Cookie", signed_in.device);
    return response;
  }
  Result<Visit> visit = recall(browser, *memory);
  if (!visit) return parts_.pages.show_error(browser, visit.error());
  Result<std::optional<Session>> session = parts_.sessions.find(browser.session);
  if (!session) return parts_.pages.show_error(browser, session.error());
  visit->session = *std::move(session);
  if (text_or(*memory, "step", "") == "account") return take_account(*visit, form);
  return take_consent(*visit, form, *memory);
}

http::Response AuthorizationEndpoint::proceed(Visit& visit) {
  const bool silent = visit.request.has_prompt("none");
  if (visit.session && !serves(visit.client, visit.session->account.tenant)) visit.session.reset();
  if (must_sign_in(visit) || !fits_hint(visit)) {
    if (silent)
      return refuse_to(visit, refuse(login_required, "The user is not signed on").value());
    return ask_password(visit);
  }
  if (visit.request.has_prompt("select_account")) return ask_account(visit);
  return proceed_signed_in(visit);
}

http::Response AuthorizationEndpoint::proceed_signed_in(Visit& visit) {
  const Account& account = visit.session->account;
  const Result<std::vector<std::string>> scopes =
      parts_.scopes.allowed(user_holder(visit.client.tenant, account), visit.request.scopes);
  if (!scopes) return parts_.pages.show_error(visit.browser, scopes.error());
  const Result<bool> covered = parts_.consents.covers(account, visit.client, *scopes);
  if (!covered) return parts_.pages.show_error(visit.browser, covered.error());
  if (!*covered || visit.request.has_prompt("consent")) {
    if (visit.request.has_prompt("none")) {
      return refuse_to(visit, refuse(consent_required, "The user has not agreed to this").value());
    }
    return ask_consent(visit, *scopes);
  }
  return finish(visit, *scopes);
}

http::Response AuthorizationEndpoint::finish(Visit& visit, const std::vector<std::string>& scopes) {
  Result<AnswerFields> fields = answer_of(visit, scopes);
  if (!fields) return refuse_to(visit, fields.error());
  return send_answer(visit.origin, visit.request.back, *std::move(fields));
}

Result<AnswerFields> AuthorizationEndpoint::answer_of(const Visit& visit,
                                                      const std::vector<std::string>& scopes) {
  if (visit.request.asks_for("code")) {
    GH_TRY(code, parts_.codes.issue(visit.request, *visit.session, scopes));
    return AnswerFields{{"code", std::move(code)}};
  }
  SignOn sign_on = visit.session->sign_on;
  sign_on.nonce = visit.request.nonce;
  const Entitlement entitlement{
      .client = visit.client,
      .user_id = visit.session->account.user.id,
      .user = visit.session->account.user.name,
      .scopes = scopes,
      .grant_type = "implicit",
      .details = {.sign_on = std::move(sign_on),
                  .user_tenant = foreign_tenant(visit.client, visit.session->account.tenant),
                  .session = visit.session->id}};
  GH_TRY(issued, parts_.issuer.issue(entitlement));
  AnswerFields fields;
  if (visit.request.asks_for("id_token")) fields.emplace_back("id_token", issued.id_token);
  if (!visit.request.asks_for("token")) return fields;
  fields.emplace_back("access_token", issued.access_token);
  fields.emplace_back("token_type", issued.token_type);
  fields.emplace_back("expires_in", std::to_string(issued.expires_in));
  fields.emplace_back("scope", issued.scope_text());
  return fields;
}

http::Response AuthorizationEndpoint::take_consent(Visit& visit, const Form& form,
                                                   const json::object& memory) {
  const bool same_user = visit.session &&
                         visit.session->account.user.id == text_or(memory, "user", "") &&
                         serves(visit.client, visit.session->account.tenant);
  // Signed out meanwhile, or somebody else is there now: what was agreed to is not theirs.
  if (!same_user) return ask_password(visit);
  if (form.text("consent") != "approve") {
    return refuse_to(visit, refuse(access_denied, "The user has refused").value());
  }
  const std::vector<std::string> scopes = texts_of(memory, "agreed");
  const Result<> granted = parts_.consents.grant(visit.session->account, visit.client, scopes);
  if (!granted) return parts_.pages.show_error(visit.browser, granted.error());
  return finish(visit, scopes);
}

http::Response AuthorizationEndpoint::take_account(Visit& visit, const Form& form) {
  const bool stays = visit.session && form.text("account") == "continue" &&
                     serves(visit.client, visit.session->account.tenant);
  return stays ? proceed_signed_in(visit) : ask_password(visit);
}

http::Response AuthorizationEndpoint::ask_password(const Visit& visit) const {
  return parts_.sign_in.ask(visit.browser,
                            {.page = std::string(page_name),
                             .action = std::string(page_name),
                             .tenant = tenant_served(visit.client),
                             .client_name = visit.client.name,
                             .form_target = origin_of(visit.request.back.redirect_uri),
                             .hint = visit.request.login_hint,
                             .memory = memory_of(visit, "")});
}

http::Response AuthorizationEndpoint::ask_account(const Visit& visit) const {
  return parts_.pages.show(visit.browser, visit.client.tenant,
                           account_page(parts_.pages, visit.browser,
                                        {.action = std::string(page_name),
                                         .client_name = visit.client.name,
                                         .user_name = visit.session->account.user.name,
                                         .form_target = origin_of(visit.request.back.redirect_uri),
                                         .memory = memory_of(visit, "account")}));
}

http::Response AuthorizationEndpoint::ask_consent(const Visit& visit,
                                                  const std::vector<std::string>& scopes) const {
  json::object memory = memory_of(visit, "consent");
  memory["user"] = visit.session->account.user.id;
  memory["agreed"] = gatehouse::to_json(scopes);
  return parts_.pages.show(visit.browser, visit.client.tenant,
                           consent_page(parts_.pages, visit.browser,
                                        {.action = std::string(page_name),
                                         .client_name = visit.client.name,
                                         .about = about_client(visit.client),
                                         .user_name = visit.session->account.user.name,
                                         .scopes = scopes,
                                         .form_target = origin_of(visit.request.back.redirect_uri),
                                         .memory = std::move(memory)}));
}

http::Response AuthorizationEndpoint::refuse_to(const Visit& visit, const Error& error) const {
  return send_refusal(visit.origin, visit.request.back, error);
}

bool AuthorizationEndpoint::must_sign_in(const Visit& visit) const {
  if (!visit.session || visit.request.has_prompt("login")) return true;
  const SignOn& sign_on = visit.session->sign_on;
  // Whoever has set up a second factor since then can give what is asked for.
  const bool wants_more = !visit.request.acr_values.empty() &&
                          !holds(visit.request.acr_values, sign_on.acr) &&
                          holds(visit.request.acr_values, acr_second_factor);
  if (wants_more) {
    const Result<bool> enrolled = parts_.sign_in.has_second_factor(visit.session->account);
    if (enrolled && *enrolled) return true;
  }
  return visit.request.max_age_seconds &&
         sign_on.at + std::chrono::seconds(*visit.request.max_age_seconds) <= clock_.now();
}

bool AuthorizationEndpoint::fits_hint(const Visit& visit) const {
  if (visit.request.id_token_hint.empty()) return true;
  const Result<json::object> hint =
      claims_of_hint(visit.request.id_token_hint, parts_.keys.current()->published, issuer_);
  return hint && text_or(*hint, "sub", "") == visit.session->account.user.id;
}

Result<storage::Client> AuthorizationEndpoint::client_of(const Form& form) const {
  GH_TRY(client_id, form.required("client_id"));
  Result<storage::Client> client = apis_.read([&](storage::Transaction& transaction) {
    return storage::ClientStore(transaction).find(client_id);
  });
  if (!client && client.error().code != ErrorCode::not_found) return client;
  if (!client || !client->active) return refuse(invalid_request, "There is no such client");
  return client;
}

AnswerOrigin AuthorizationEndpoint::origin_for(const storage::Client& client) const {
  const Result<storage::Tenant> tenant = parts_.directory.tenant(client.tenant);
  return {.issuer = issuer_, .theme = parts_.themes.of(tenant ? tenant->domain : "")};
}

ImplicitGrant AuthorizationEndpoint::implicit_of(model::TenantNumber tenant) const {
  return parts_.directory.has_domain(tenant, implicit_tenants_).value_or(false)
             ? ImplicitGrant::on
             : ImplicitGrant::off;
}

json::object AuthorizationEndpoint::memory_of(const Visit& visit, std::string_view step) const {
  return {{"step", step}, {"request", to_json(visit.request)}};
}

// The request was checked before it was sealed; the client may have changed since.
Result<AuthorizationEndpoint::Visit> AuthorizationEndpoint::recall(
    const Browser& browser, const json::object& memory) const {
  const json::object* object = object_at(memory, "request");
  if (object == nullptr) return refuse(invalid_request, "The form is damaged");
  AuthorizationRequest request = authorization_request_from(*object);
  Result<storage::Client> client = apis_.read([&](storage::Transaction& transaction) {
    return storage::ClientStore(transaction).find(request.client_id);
  });
  const bool holds_still =
      client && client->active && is_registered(request.back.redirect_uri, client->callback_urls);
  if (!holds_still) return refuse(invalid_request, "There is no such client any more");
  Visit visit{.browser = browser,
              .client = *std::move(client),
              .request = std::move(request),
              .origin = {}};
  visit.origin = origin_for(visit.client);
  visit.origin.answers_form = true;
  return visit;
}

}  // namespace gatehouse::keymanager
