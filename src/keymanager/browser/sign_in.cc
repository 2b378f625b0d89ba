// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/sign_in.h"

#include "core/digest.h"
#include "core/text.h"
#include "keymanager/browser/cookies.h"
#include "keymanager/browser/fresh_password.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view step_password = "sign-in";
constexpr std::string_view step_code = "sign-in-code";
constexpr std::string_view step_fresh_password = "sign-in-fresh-password";
// How long the password holds while the second factor is looked for, and how long the whole proof
// does while another password is thought of.
constexpr std::chrono::minutes code_time{5};
constexpr std::chrono::minutes fresh_password_time{15};

json::object to_json(const SignInTask& task, std::string_view step) {
  json::object object{{"step", step},
                      {"page", task.page},
                      {"action", task.action},
                      {"client_name", task.client_name},
                      {"form_target", task.form_target},
                      {"hint", task.hint},
                      {"memory", task.memory}};
  if (task.tenant) object["tenant"] = *task.tenant;
  return object;
}

SignInTask task_from(const json::object& object) {
  SignInTask task{.page = text_or(object, "page", ""), .action = text_or(object, "action", "")};
  if (object.contains("tenant")) task.tenant = number_or(object, "tenant", 0);
  task.client_name = text_or(object, "client_name", "");
  task.form_target = text_or(object, "form_target", "");
  task.hint = text_or(object, "hint", "");
  if (const json::object* memory = object_at(object, "memory")) task.memory = *memory;
  return task;
}

// The password that was proved, so that a form of it is worth nothing once another one is set.
std::string mark_of(const Account& account) { return sha256_hex(account.user.password); }

void remember(json::object& memory, const Account& account, Instant until) {
  memory["user_tenant"] = account.tenant;
  memory["user"] = account.user.id;
  memory["mark"] = mark_of(account);
  memory["until"] = to_ms(until);
}

Instant until_of(const json::object& memory) { return from_ms(number_or(memory, "until", 0)); }

std::string name_key(std::string_view name) { return "name\n" + plain_name(name); }
std::string device_key(const std::string& device) { return "device\n" + device; }
std::string address_key(const Browser& browser) { return "address\n" + browser.address; }

}  // namespace

SignIn::SignIn(const Resources& resources, const SignInParts& parts)
    : parts_(parts),
      clock_(resources.clock),
      directory_(resources.users),
      devices_(resources.sealer, resources.clock, resources.random) {}

bool SignIn::is_own(const json::object& memory) {
  const std::string step = text_or(memory, "step", "");
  return step == step_password || step == step_code || step == step_fresh_password;
}

http::Response SignIn::ask(const Browser& browser, const SignInTask& task) const {
  return show_password(browser, task, {}, 200);
}

http::Response SignIn::show_password(const Browser& browser, const SignInTask& task,
                                     const Markup& message, int status) const {
  const Markup intro =
      task.client_name.empty()
          ? Markup{}
          : html(R"(<p class="soft">to continue to <strong>{}</strong></p>)", task.client_name);
  const Markup name_focus{task.hint.empty() ? " autofocus" : ""};
  const Markup password_focus{task.hint.empty() ? "" : " autofocus"};
  const Markup fields = html(
      R"(<label for="username">User name</label>
<input id="username" name="username" type="text" value="{}" autocomplete="username" )"
      R"(autocapitalize="none" spellcheck="false" required{}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required{}>
<button type="submit">Sign in</button>)",
      task.hint, name_focus, password_focus);
  const Markup help =
      help_.empty()
          ? Markup{}
          : html(R"(<p class="links"><a href="{}">Forgotten the password?</a></p>)", help_);
  const Page page{.title = "Sign in",
                  .body = html("<h1>Sign in</h1>{}{}{}{}", intro, message,
                               parts_.pages.form(browser, task.action, task.page,
                                                 to_json(task, step_password), fields),
                               help),
                  .status = status,
                  .form_target = task.form_target};
  return parts_.pages.show(browser, task.tenant.value_or(model::first_tenant), page);
}

http::Response SignIn::show_code(const Browser& browser, const SignInTask& task,
                                 const Account& account, Instant until,
                                 const Markup& message) const {
  json::object memory = to_json(task, step_code);
  remember(memory, account, until);
  const Markup fields = html(
      R"(<label for="code">Code</label>
<input id="code" name="code" type="text" class="code" inputmode="text" )"
      R"(autocomplete="one-time-code" spellcheck="false" required autofocus )"
      R"(aria-describedby="code-help">
<p><small id="code-help">{}</small></p>
<button type="submit">Continue</button>)",
      "Six digits from your authenticator app, or one of your recovery codes.");
  const Page page{.title = "Confirm it is you",
                  .body = html("<h1>Confirm it is you</h1>{}{}", message,
                               parts_.pages.form(browser, task.action, task.page, memory, fields)),
                  .status = message.text.empty() ? 200 : 401,
                  .form_target = task.form_target};
  return parts_.pages.show(browser, account.tenant, page);
}

http::Response SignIn::show_fresh_password(const Browser& browser, const SignInTask& task,
                                           const Session& session, const Markup& message) const {
  json::object memory = to_json(task, step_fresh_password);
  remember(memory, session.account, session.sign_on.at + fresh_password_time);
  memory["sign_on"] = keymanager::to_json(session.sign_on);
  const Page page{.title = "Set a new password",
                  .body = html("<h1>Set a new password</h1><p class=\"soft\">{}</p>{}{}",
                               "Before you go on, choose a password that only you know.", message,
                               parts_.pages.form(browser, task.action, task.page, memory,
                                                 fresh_password_fields())),
                  .status = message.text.empty() ? 200 : 400,
                  .form_target = task.form_target};
  return parts_.pages.show(browser, session.account.tenant, page);
}

http::Response SignIn::show_wait(const Browser& browser, const SignInTask& task,
                                 std::chrono::seconds wait) const {
  http::Response response = show_password(
      browser, task,
      alert(fmt::format("There were too many wrong tries. Try again in {} seconds.", wait.count())),
      429);
  response.headers.add("Retry-After", std::to_string(wait.count()));
  return response;
}

Result<SignIn::Answer> SignIn::answer(const Browser& browser, const Form& form,
                                      const json::object& memory) {
  const SignInTask task = task_from(memory);
  const std::string step = text_or(memory, "step", "");
  if (step == step_code) return take_code(browser, form, task, memory);
  if (step == step_fresh_password) return take_fresh_password(browser, form, task, memory);
  return take_password(browser, form, task);
}

Result<SignIn::Answer> SignIn::take_password(const Browser& browser, const Form& form,
                                             const SignInTask& asked) {
  SignInTask task = asked;
  task.hint = form.text("username");
  const std::string name = full_name(task);
  const std::optional<std::string> device = known_device(browser, name);
  const std::string key = device ? device_key(*device) : name_key(name);
  const std::chrono::seconds wait =
      std::max(parts_.attempts.wait_of(key),
               device ? std::chrono::seconds(0) : parts_.attempts.wait_of(address_key(browser)));
  if (wait.count() > 0) return Answer(show_wait(browser, task, wait));
  Result<Account> account = check(form, task, device ? Place::known_device : Place::anywhere);
  if (!account) {
    if (account.error().code != ErrorCode::unauthenticated) {
      return tl::unexpected<Error>(account.error());
    }
    parts_.attempts.failed(key, name_attempts);
    if (!device) parts_.attempts.failed(address_key(browser), address_attempts);
    return Answer(
        show_password(browser, task, alert("The user name or the password is wrong."), 401));
  }
  parts_.attempts.succeeded(key);
  GH_TRY(enrolled, parts_.second_factor.is_enrolled(*account));
  if (enrolled) {
    return Answer(show_code(browser, task, *account, clock_.now() + code_time, {}));
  }
  return proved(browser, task,
                {*std::move(account),
                 {.at = clock_.now(), .acr = std::string(acr_password), .amr = {"pwd"}},
                 ""});
}

// A name without a domain, at the page of another tenant's client, is one of that tenant.
std::string SignIn::full_name(const SignInTask& task) const {
  const bool here = !task.tenant || *task.tenant == model::first_tenant;
  if (here || task.hint.find('@') != std::string::npos) return task.hint;
  const auto client_tenant = directory_.tenant(*task.tenant);
  return client_tenant ? task.hint + '@' + client_tenant->domain : task.hint;
}

std::optional<std::string> SignIn::known_device(const Browser& browser,
                                                const std::string& name) const {
  if (browser.device.empty()) return std::nullopt;
  const Result<Account> account = directory_.by_name(name);
  return account ? devices_.device_of(browser.device, *account) : std::nullopt;
}

Place SignIn::place_of(const Browser& browser, const Account& account) const {
  return devices_.device_of(browser.device, account) ? Place::known_device : Place::anywhere;
}

// The password costs the same time for everybody, whatever the name.
Result<Account> SignIn::check(const Form& form, const SignInTask& task, Place place) {
  GH_TRY(account, parts_.login.check({full_name(task), std::string(form.text("password"))}, place));
  if (task.tenant && account.tenant != *task.tenant) {
    return fail(ErrorCode::unauthenticated, "The user is of another tenant");
  }
  return account;
}

Result<std::optional<Account>> SignIn::remembered(const json::object& memory) const {
  if (until_of(memory) <= clock_.now()) return std::optional<Account>();
  Result<Account> account =
      directory_.by_id(number_or(memory, "user_tenant", 0), text_or(memory, "user", ""));
  if (!account && account.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(account.error());
  }
  const bool holds =
      account && account->active() && mark_of(*account) == text_or(memory, "mark", "");
  if (!holds) return std::optional<Account>();
  return std::optional<Account>(*std::move(account));
}

SignIn::Answer SignIn::begin_again(const Browser& browser, const SignInTask& task) const {
  return show_password(browser, task, alert("That took too long. Please begin again."), 401);
}

Result<SignIn::Answer> SignIn::take_code(const Browser& browser, const Form& form,
                                         const SignInTask& task, const json::object& memory) {
  GH_TRY(account, remembered(memory));
  if (!account) return begin_again(browser, task);
  GH_TRY(verdict, parts_.second_factor.check(*account, form.text("code")));
  if (verdict == SecondFactor::Verdict::right) {
    return proved(
        browser, task,
        {*std::move(account),
         {.at = clock_.now(), .acr = std::string(acr_second_factor), .amr = {"pwd", "otp", "mfa"}},
         ""});
  }
  const bool wait = verdict == SecondFactor::Verdict::wait;
  http::Response response =
      show_code(browser, task, *account, until_of(memory),
                alert(wait ? "There were too many wrong codes. Wait a little and try again."
                           : "This code does not hold. Each code can be used once."));
  if (wait) response.status = 429;
  return Answer(std::move(response));
}

Result<SignIn::Answer> SignIn::proved(const Browser& browser, const SignInTask& task,
                                      Session session) {
  if (session.account.must_change_password()) {
    return Answer(show_fresh_password(browser, task, session, {}));
  }
  return begin(browser, task, std::move(session));
}

Result<SignIn::Answer> SignIn::take_fresh_password(const Browser& browser, const Form& form,
                                                   const SignInTask& task,
                                                   const json::object& memory) {
  GH_TRY(account, remembered(memory));
  if (!account) return begin_again(browser, task);
  const json::object* const sign_on = object_at(memory, "sign_on");
  Session session{*std::move(account), sign_on == nullptr ? SignOn{} : sign_on_from(*sign_on), ""};
  // It may have been set up while the form was open.
  GH_TRY(enrolled, parts_.second_factor.is_enrolled(session.account));
  if (enrolled && session.sign_on.acr != acr_second_factor) return begin_again(browser, task);
  const Result<std::string> password = fresh_password_from(form);
  const Result<> changed = password ? parts_.password_change.change(session.account, *password)
                                    : Result<>(tl::unexpected<Error>(password.error()));
  if (!changed && changed.error().code == ErrorCode::invalid_argument) {
    const Markup message = alert(changed.error().message + ".");
    return Answer(show_fresh_password(browser, task, session, message));
  }
  if (!changed && changed.error().code == ErrorCode::conflict) return begin_again(browser, task);
  if (!changed) return tl::unexpected<Error>(changed.error());
  GH_TRY(fresh, directory_.by_id(session.account.tenant, session.account.user.id));
  session.account = std::move(fresh);
  return begin(browser, task, std::move(session));
}

Result<std::string> SignIn::renew(const Session& session, std::string_view replaced) {
  GH_TRY(account, directory_.by_id(session.account.tenant, session.account.user.id));
  return parts_.sessions.begin({std::move(account), session.sign_on}, replaced);
}

Result<SignIn::Answer> SignIn::begin(const Browser& browser, const SignInTask& task,
                                     Session session) {
  GH_TRY(text, parts_.sessions.begin(session, browser.session));
  session.id = Sessions::id_of(text);
  std::string device = devices_.cookie_for(session.account);
  return Answer(SignedIn{std::move(session), make_cookie(session_cookie, text), std::move(device),
                         task.memory});
}

}  // namespace gatehouse::keymanager
