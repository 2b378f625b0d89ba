// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/forgotten_password.h"

#include <algorithm>

#include "core/id.h"
#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view page_name = "forgotten-password";
constexpr std::size_t name_max = 256;

// A mailbox that fills up, and a link that dies with each further one, are trouble enough.
constexpr AttemptLimits name_mails{
    .free = 3, .first_delay = std::chrono::minutes(1), .longest_delay = std::chrono::hours(1)};
constexpr AttemptLimits address_mails{
    .free = 20, .first_delay = std::chrono::minutes(1), .longest_delay = std::chrono::hours(1)};

std::string name_key(std::string_view name) { return "forgotten\n" + plain_name(name); }
std::string address_key(const Browser& browser) { return "forgotten from\n" + browser.address; }

bool may_have_mail(const Account& account) {
  return account.active() && !account.user.password.empty() && mail::is_address(account.user.email);
}

}  // namespace

ForgottenPassword::ForgottenPassword(const Resources& resources, const Options& options,
                                     const Parts& parts)
    : parts_(parts),
      clock_(resources.clock),
      random_(resources.random),
      base_url_(options.base_url),
      from_(options.mail_from) {
  if (options.send_mail) {
    mailer_ = std::make_unique<mail::Mailer>(options.send_mail, resources.metrics,
                                             mail::Mailer::Options{});
  }
}

http::Response ForgottenPassword::handle(const http::Request& request) {
  const Browser browser = parts_.pages.guard().browser_of(request);
  if (mailer_ == nullptr) {
    return parts_.pages.show_error(
        browser, Error{ErrorCode::invalid_argument,
                       "This server sends no mail: ask an administrator for a new password", ""});
  }
  if (request.method != "POST") return show(browser, {}, 200);
  const Result<Form> form = Form::parse(request);
  if (!form) return parts_.pages.show_error(browser, form.error());
  if (!parts_.pages.guard().open(browser, page_name, *form)) {
    return parts_.pages.show_forged(browser);
  }
  const std::string name(trim(form->text("username")));
  if (name.empty() || name.size() > name_max) {
    return show(browser, alert("Type your user name."), 400);
  }
  const std::chrono::seconds wait = std::max(parts_.attempts.wait_of(name_key(name)),
                                             parts_.attempts.wait_of(address_key(browser)));
  if (wait.count() > 0) {
    http::Response response = show(
        browser,
        alert(fmt::format("There were too many mails. Try again in {} seconds.", wait.count())),
        429);
    response.headers.add("Retry-After", std::to_string(wait.count()));
    return response;
  }
  parts_.attempts.failed(name_key(name), name_mails);
  parts_.attempts.failed(address_key(browser), address_mails);
  const Result<> posted = mailer_->post([this, name] { return write(name); });
  if (!posted) return parts_.pages.show_error(browser, posted.error());
  return show_sent(browser);
}

http::Response ForgottenPassword::show(const Browser& browser, const Markup& message,
                                       int status) const {
  const Markup fields = html(
      R"(<label for="username">User name</label>
<input id="username" name="username" type="text" autocomplete="username" autocapitalize="none" )"
      R"(spellcheck="false" required autofocus><button type="submit">Send me a link</button>)");
  return parts_.pages.show(
      browser, model::first_tenant,
      {.title = "Forgotten password",
       .body = html(R"(<h1>Forgotten password</h1><p class="soft">We send a link that sets a new )"
                    R"(password to the e-mail address of the account.</p>{}{})",
                    message, parts_.pages.form(browser, page_name, page_name, {}, fields)),
       .status = status});
}

http::Response ForgottenPassword::show_sent(const Browser& browser) const {
  return parts_.pages.show(
      browser, model::first_tenant,
      {.title = "Look into your mail",
       .body = html(R"(<h1>Look into your mail</h1>{}<p class="soft">If nothing comes within some )"
                    R"(minutes, the name may be another one, or the account has no address: ask )"
                    R"(an administrator.</p>)",
                    notice("If there is such an account, a link is on its way. It holds for an "
                           "hour, and once."))});
}

// On the mailer's thread.
Result<std::optional<mail::Message>> ForgottenPassword::write(const std::string& name) {
  const Result<Account> account = parts_.directory.by_name(name);
  if (!account && account.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(account.error());
  }
  if (!account || !may_have_mail(*account)) return std::optional<mail::Message>();
  Result<mail::Message> message = message_for(*account);
  if (message) return std::optional<mail::Message>(*std::move(message));
  // Their password is in a directory.
  if (message.error().code == ErrorCode::conflict) return std::optional<mail::Message>();
  return tl::unexpected<Error>(message.error());
}

Result<mail::Message> ForgottenPassword::message_for(const Account& account) {
  GH_TRY(link, make_link(account));
  return mail::Message{
      .from = from_,
      .to = account.user.email,
      .subject = "Set a new password",
      .text = fmt::format(
          "Hello {},\n\nsomebody, probably you, has asked for a new password for your account.\n"
          "For an hour, and once, you can set one here:\n\n{}\n\n"
          "If it was not you, nothing needs to be done: your password stays as it is.\n",
          account.user.name, link.url),
      .id = random_uuid(random_),
      .at = clock_.now()};
}

Result<ForgottenPassword::Link> ForgottenPassword::make_link(const Account& account) {
  const Instant until = clock_.now() + PasswordChange::reset_lifetime;
  GH_TRY(token, parts_.password_change.make_reset(account));
  return Link{fmt::format("{}/oauth2/password-reset?token={}", base_url_, token), until};
}

Result<> ForgottenPassword::mail_link(const Account& account) {
  if (mailer_ == nullptr) return fail(ErrorCode::invalid_argument, "This server sends no mail");
  if (!mail::is_address(account.user.email)) {
    return fail(ErrorCode::invalid_argument, "The user has no e-mail address");
  }
  GH_TRY(message, message_for(account));
  return mailer_->post([message]() -> Result<std::optional<mail::Message>> { return message; });
}

}  // namespace gatehouse::keymanager
