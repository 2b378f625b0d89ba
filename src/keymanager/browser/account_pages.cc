// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/account_pages.h"

#include "core/log.h"
#include "core/text.h"
#include "keymanager/browser/cookies.h"
#include "keymanager/browser/fresh_password.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view reset_page = "password-reset";

std::string attempts_key(const Account& account) {
  return fmt::format("own password\n{}\n{}", account.tenant, account.user.id);
}

Markup consent_rows(const std::vector<storage::NamedConsent>& consents) {
  Markup rows;
  for (const storage::NamedConsent& each : consents) {
    const std::string scopes = each.consent.scopes.empty()
                                   ? std::string("to know that you have signed in")
                                   : join(each.consent.scopes, ", ");
    rows += html(R"(<li><div class="row"><span><strong>{}</strong><small>{}</small></span>)"
                 R"(<button type="submit" class="plain small" name="withdraw" value="{}" )"
                 R"(aria-label="Withdraw {}">Withdraw</button></div></li>)",
                 each.client_name, scopes, each.consent.client_id, each.client_name);
  }
  return rows;
}

}  // namespace

http::Response AccountPages::handle(const http::Request& request, std::string_view page) {
  const Browser browser = parts_.pages.guard().browser_of(request);
  const SignInTask sign_in{.page = std::string(page), .action = std::string(page)};
  Result<std::optional<Session>> session = parts_.sessions.find(browser.session);
  if (!session) return parts_.pages.show_error(browser, session.error());
  if (request.method != "POST") {
    if (!*session) return parts_.sign_in.ask(browser, sign_in);
    return show({browser, std::string(page), **std::move(session)});
  }
  const Result<Form> form = Form::parse(request);
  if (!form) return parts_.pages.show_error(browser, form.error());
  const std::optional<json::object> memory = parts_.pages.guard().open(browser, page, *form);
  if (!memory) return parts_.pages.show_forged(browser);
  if (SignIn::is_own(*memory)) {
    auto answer = parts_.sign_in.answer(browser, *form, *memory);
    if (!answer) return parts_.pages.show_error(browser, answer.error());
    if (auto* shown = std::get_if<http::Response>(&*answer)) return std::move(*shown);
    http::Response response = see_other(std::string(page));
    response.headers.add("Set-Cookie", std::get<SignedIn>(*answer).cookie);
    response.headers.add("Set-Cookie", std::get<SignedIn>(*answer).device);
    return response;
  }
  if (!*session) return parts_.sign_in.ask(browser, sign_in);
  return take({browser, std::string(page), **std::move(session)}, *form, *memory);
}

http::Response AccountPages::show(const Visit& visit) const {
  if (visit.page == "password") return show_password(visit, {}, 200);
  if (visit.page == "second-factor") return show_second_factor(visit);
  return show_account(visit);
}

http::Response AccountPages::take(const Visit& visit, const Form& form,
                                  const json::object& memory) {
  // A form of one user is not taken from the next one in the same browser.
  if (text_or(memory, "user", "") != visit.session.account.user.id) {
    return parts_.pages.show_forged(visit.browser);
  }
  const std::string step = text_or(memory, "step", "");
  if (step == "withdraw") return take_withdrawal(visit, form);
  if (step == "change") return take_password(visit, form);
  if (step == "remove") return take_removal(visit, form);
  return take_enrolment(visit, form, from_base64url(text_or(memory, "secret", "")).value_or(""));
}

http::Response AccountPages::show_account(const Visit& visit) const {
  const Account& account = visit.session.account;
  const Result<std::vector<storage::NamedConsent>> consents = parts_.consents.list(account);
  if (!consents) return parts_.pages.show_error(visit.browser, consents.error());
  const Markup list =
      consents->empty()
          ? html("<p class=\"soft\">{}</p>", "No application may act for you.")
          : parts_.pages.form(visit.browser, visit.page, visit.page,
                              {{"step", "withdraw"}, {"user", account.user.id}},
                              html(R"(<ul class="scopes">{}</ul>)", consent_rows(*consents)));
  return parts_.pages.show(
      visit.browser, account.tenant,
      {.title = "Your account",
       .body = html(R"(<h1>Your account</h1><p class="soft">Signed in as <strong>{}</strong>.</p>
<h2>Applications</h2><p>These may act for you. What you withdraw ends at once.</p>{}
<h2>Security</h2><p><a href="password">Change the password</a><br>
<a href="second-factor">Two-step sign-in</a><br><a href="../oidc/logout">Sign out</a></p>)",
                    account.user.name, list),
       .width = PageWidth::wide});
}

http::Response AccountPages::take_withdrawal(const Visit& visit, const Form& form) {
  const Result<> withdrawn =
      parts_.consents.withdraw(visit.session.account, std::string(form.text("withdraw")));
  if (!withdrawn && withdrawn.error().code != ErrorCode::not_found) {
    return parts_.pages.show_error(visit.browser, withdrawn.error());
  }
  return see_other(visit.page);
}

Result<AccountPages::Verdict> AccountPages::check_password(const Visit& visit, const Form& form) {
  const Account& account = visit.session.account;
  const std::string key = attempts_key(account);
  if (parts_.attempts.wait_of(key).count() > 0) return Verdict::wait;
  const Result<Account> proved =
      parts_.login.check({account.full_name(), std::string(form.text("password"))},
                         parts_.sign_in.place_of(visit.browser, account));
  if (!proved && proved.error().code != ErrorCode::unauthenticated) {
    return tl::unexpected<Error>(proved.error());
  }
  if (!proved || proved->user.id != account.user.id) {
    parts_.attempts.failed(key, name_attempts);
    return Verdict::wrong;
  }
  parts_.attempts.succeeded(key);
  return Verdict::right;
}

http::Response AccountPages::show_password(const Visit& visit, const Markup& message,
                                           int status) const {
  const Markup fields = html(
      R"(<label for="password">Present password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required )"
      R"(autofocus>{})",
      fresh_password_fields());
  return parts_.pages.show(
      visit.browser, visit.session.account.tenant,
      {.title = "Change the password",
       .body = html(R"(<h1>Change the password</h1>{}{}<p class="links"><a href="account">Back to )"
                    R"(your account</a></p>)",
                    message,
                    parts_.pages.form(visit.browser, visit.page, visit.page,
                                      {{"step", "change"}, {"user", visit.session.account.user.id}},
                                      fields)),
       .status = status});
}

http::Response AccountPages::take_password(const Visit& visit, const Form& form) {
  const Result<std::string> password = fresh_password_from(form);
  if (!password) return show_password(visit, alert(password.error().message + "."), 400);
  const Result<Verdict> verdict = check_password(visit, form);
  if (!verdict) return parts_.pages.show_error(visit.browser, verdict.error());
  if (*verdict != Verdict::right) {
    const bool wait = *verdict == Verdict::wait;
    return show_password(visit,
                         alert(wait ? "There were too many wrong tries. Wait a little."
                                    : "The present password is wrong."),
                         wait ? 429 : 401);
  }
  const Result<> changed = parts_.password_change.change(visit.session.account, *password);
  if (!changed) {
    if (changed.error().code != ErrorCode::invalid_argument) {
      return parts_.pages.show_error(visit.browser, changed.error());
    }
    return show_password(visit, alert(changed.error().message), 400);
  }
  // Every session has ended with the password; who has changed it goes on with another one.
  const Result<std::string> next = parts_.sign_in.renew(visit.session, visit.browser.session);
  if (!next) return parts_.pages.show_error(visit.browser, next.error());
  http::Response response =
      done(visit, "The password is changed", "You are signed out everywhere else.");
  response.headers.add("Set-Cookie", make_cookie(session_cookie, *next));
  return response;
}

http::Response AccountPages::show_second_factor(const Visit& visit) const {
  const Result<bool> enrolled = parts_.second_factor.is_enrolled(visit.session.account);
  if (!enrolled) return parts_.pages.show_error(visit.browser, enrolled.error());
  return *enrolled ? show_removal(visit, {})
                   : show_enrolment(visit, parts_.second_factor.make_secret(), {});
}

http::Response AccountPages::done(const Visit& visit, std::string_view title,
                                  std::string_view text) const {
  return parts_.pages.show(visit.browser, visit.session.account.tenant,
                           {.title = std::string(title),
                            .body = html(R"(<h1>{}</h1>{}<p class="links"><a href="account">)"
                                         R"(Back to your account</a></p>)",
                                         title, notice(text))});
}

http::Response AccountPages::show_reset(const Browser& browser, const std::string& token,
                                        const Markup& message, int status) const {
  const Result<Account> owner = parts_.password_change.owner_of(token);
  if (!owner) {
    const Error error{owner.error().code == ErrorCode::not_found ? ErrorCode::invalid_argument
                                                                 : owner.error().code,
                      "This link was used before, or is too old", owner.error().detail};
    return parts_.pages.show_error(browser, error);
  }
  return parts_.pages.show(
      browser, owner->tenant,
      {.title = "Set a new password",
       .body = html(R"(<h1>Set a new password</h1><p class="soft">for <strong>{}</strong></p>{}{})",
                    owner->user.name, message,
                    parts_.pages.form(browser, reset_page, reset_page, {{"token", token}},
                                      fresh_password_fields())),
       .status = status});
}

http::Response AccountPages::handle_reset(const http::Request& request) {
  const Browser browser = parts_.pages.guard().browser_of(request);
  if (request.method != "POST") {
    const Result<Form> query = Form::parse_query(request.query);
    return show_reset(browser, query ? std::string(query->text("token")) : "", {}, 200);
  }
  const Result<Form> form = Form::parse(request);
  if (!form) return parts_.pages.show_error(browser, form.error());
  const std::optional<json::object> memory = parts_.pages.guard().open(browser, reset_page, *form);
  if (!memory) return parts_.pages.show_forged(browser);
  const std::string token = text_or(*memory, "token", "");
  const Result<std::string> password = fresh_password_from(*form);
  if (!password) return show_reset(browser, token, alert(password.error().message + "."), 400);
  const Result<Account> reset = parts_.password_change.reset(token, *password);
  if (!reset && reset.error().code == ErrorCode::invalid_argument) {
    return show_reset(browser, token, alert(reset.error().message), 400);
  }
  if (!reset && reset.error().code == ErrorCode::not_found) {
    return show_reset(browser, token, {}, 400);
  }
  if (!reset) return parts_.pages.show_error(browser, reset.error());
  const Result<> told = parts_.revocations.announce_user(reset->tenant, reset->user.id);
  if (!told) log_warning("reset password: {}: {}", told.error().message, told.error().detail);
  return parts_.pages.show(browser, model::first_tenant,
                           {.title = "The password is changed",
                            .body = html(R"(<h1>The password is changed</h1>{}<p class="links">)"
                                         R"(<a href="account">Sign in</a></p>)",
                                         notice("You can sign in with it now."))});
}

}  // namespace gatehouse::keymanager
