// SPDX-License-Identifier: Apache-2.0
//
// The page of the second factor: set it up, see the recovery codes once, switch it off.
#include "core/text.h"
#include "keymanager/browser/account_pages.h"
#include "keymanager/browser/qr_code.h"
#include "keymanager/browser/totp.h"

namespace gatehouse::keymanager {

http::Response AccountPages::show_enrolment(const Visit& visit, const std::string& secret,
                                            const Markup& message) const {
  const Account& account = visit.session.account;
  const std::string uri = totp_uri(secret, "Gatehouse", account.full_name());
  const Markup fields = html(
      R"(<label for="code">Code that the app shows</label>
<input id="code" name="code" type="text" class="code" inputmode="numeric" )"
      R"(autocomplete="one-time-code" spellcheck="false" required>
<label for="password">Your password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Switch it on</button>)");
  const json::object memory{
      {"step", "enrol"}, {"user", account.user.id}, {"secret", to_base64url(secret)}};
  return parts_.pages.show(
      visit.browser, account.tenant,
      {.title = "Two-step sign-in",
       .body = html(R"(<h1>Two-step sign-in</h1>
<p class="soft">With it you need your password and a code from an authenticator app.</p>{}
<p>Scan this with the app, or type the key into it.</p>{}
<p>Key: <code>{}</code></p>{}<p class="links"><a href="account">Back to your account</a></p>)",
                    message, qr_image(uri, "QR code for your authenticator app"), to_base32(secret),
                    parts_.pages.form(visit.browser, visit.page, visit.page, memory, fields)),
       .status = message.text.empty() ? 200 : 400});
}

http::Response AccountPages::take_enrolment(const Visit& visit, const Form& form,
                                            const std::string& secret) {
  const Result<bool> enrolled = parts_.second_factor.is_enrolled(visit.session.account);
  if (!enrolled) return parts_.pages.show_error(visit.browser, enrolled.error());
  // One that is there is switched off first, which takes a code of it.
  if (*enrolled) return show_removal(visit, {});
  const Result<Verdict> verdict = check_password(visit, form);
  if (!verdict) return parts_.pages.show_error(visit.browser, verdict.error());
  if (*verdict != Verdict::right) {
    return show_enrolment(
        visit, secret,
        alert(*verdict == Verdict::wait ? "There were too many wrong tries. Wait a little."
                                        : "The password is wrong."));
  }
  const Result<std::vector<std::string>> codes =
      parts_.second_factor.enrol(visit.session.account, secret, form.text("code"));
  if (codes) return show_recovery_codes(visit, *codes);
  if (codes.error().code != ErrorCode::invalid_argument) {
    return parts_.pages.show_error(visit.browser, codes.error());
  }
  return show_enrolment(visit, secret, alert(codes.error().message + "."));
}

http::Response AccountPages::show_recovery_codes(const Visit& visit,
                                                 const std::vector<std::string>& codes) const {
  Markup list;
  for (const std::string& code : codes) list += html("<li>{}</li>", code);
  return parts_.pages.show(visit.browser, visit.session.account.tenant,
                           {.title = "Recovery codes",
                            .body = html(R"(<h1>Recovery codes</h1>{}
<p>Keep these where you find them without your phone. Each signs you in once; they are not shown )"
                                         R"(again.</p><ul class="codes">{}</ul>
<p class="links"><a href="account">Back to your account</a></p>)",
                                         notice("Two-step sign-in is on."), list)});
}

http::Response AccountPages::show_removal(const Visit& visit, const Markup& message) const {
  const Account& account = visit.session.account;
  const Result<std::int64_t> left = parts_.second_factor.recovery_codes_left(account);
  if (!left) return parts_.pages.show_error(visit.browser, left.error());
  const Markup fields = html(
      R"(<label for="code">Code of the app, or a recovery code</label>
<input id="code" name="code" type="text" class="code" autocomplete="one-time-code" )"
      R"(spellcheck="false" required><button type="submit" class="plain">Switch it off</button>)");
  return parts_.pages.show(
      visit.browser, account.tenant,
      {.title = "Two-step sign-in",
       .body = html(R"(<h1>Two-step sign-in</h1>{}<p>It is on. Recovery codes left: {}.</p>{})"
                    R"(<p class="links"><a href="account">Back to your account</a></p>)",
                    message, *left,
                    parts_.pages.form(visit.browser, visit.page, visit.page,
                                      {{"step", "remove"}, {"user", account.user.id}}, fields)),
       .status = message.text.empty() ? 200 : 400});
}

http::Response AccountPages::take_removal(const Visit& visit, const Form& form) {
  const Result<SecondFactor::Verdict> verdict =
      parts_.second_factor.check(visit.session.account, form.text("code"));
  if (!verdict) return parts_.pages.show_error(visit.browser, verdict.error());
  if (*verdict != SecondFactor::Verdict::right) {
    return show_removal(visit, alert(*verdict == SecondFactor::Verdict::wait
                                         ? "There were too many wrong codes. Wait a little."
                                         : "This code does not hold."));
  }
  const Result<> removed = parts_.second_factor.remove(visit.session.account);
  if (!removed) return parts_.pages.show_error(visit.browser, removed.error());
  return done(visit, "Two-step sign-in is off", "Your password alone signs you in again.");
}

}  // namespace gatehouse::keymanager
