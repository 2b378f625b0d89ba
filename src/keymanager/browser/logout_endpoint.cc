// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/logout_endpoint.h"

#include <algorithm>

#include "core/text.h"
#include "keymanager/authorize/redirect_uri.h"
#include "keymanager/browser/cookies.h"
#include "keymanager/id_tokens.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view page_name = "logout";

// The one audience of an ID token, which may also be written as a list.
std::string audience_of(const json::object& claims) {
  std::string text = text_or(claims, "aud", "");
  if (!text.empty()) return text;
  const std::vector<std::string> list = texts_of(claims, "aud");
  return list.size() == 1 ? list.front() : text_or(claims, "azp", "");
}

bool is_logout_address(const std::string& uri, const storage::Client& client) {
  const std::vector<std::string> own = texts_of(client.document, "post_logout_redirect_uris");
  const std::vector<std::string>& all = own.empty() ? client.callback_urls : own;
  return is_redirect_uri(uri) && std::find(all.begin(), all.end(), uri) != all.end();
}

}  // namespace

LogoutEndpoint::LogoutEndpoint(const Resources& resources, const Options& options,
                               const Pages& pages, Sessions& sessions, const SigningKeys& keys)
    : apis_(resources.apis),
      issuer_(options.issuer),
      pages_(pages),
      sessions_(sessions),
      keys_(keys) {}

http::Response LogoutEndpoint::handle(const http::Request& request) {
  const Browser browser = pages_.guard().browser_of(request);
  const bool posted = request.method == "POST";
  const int status = posted ? 303 : 302;
  const Result<Form> form = posted ? Form::parse(request) : Form::parse_query(request.query);
  if (!form) return pages_.show_error(browser, form.error());
  if (posted && (form->has("csrf") || form->has("memory") || form->has("logout"))) {
    return take_answer(browser, *form, status);
  }
  const Result<Wish> wish = wish_of(*form);
  if (!wish) return pages_.show_error(browser, wish.error());
  const Result<std::optional<Session>> session = sessions_.find(browser.session);
  if (!session) return pages_.show_error(browser, session.error());
  const bool sure =
      !wish->subject.empty() && (!*session || (*session)->account.user.id == wish->subject);
  return sure ? finish(browser, wish->location, status) : ask(browser, *wish);
}

Result<LogoutEndpoint::Wish> LogoutEndpoint::wish_of(const Form& form) const {
  Wish wish{.client_id = std::string(form.text("client_id")), .subject = {}, .location = {}};
  if (form.has("id_token_hint")) {
    const Result<json::object> hint =
        claims_of_hint(form.text("id_token_hint"), keys_.current()->published, issuer_);
    if (hint) {
      const std::string audience = audience_of(*hint);
      if (!wish.client_id.empty() && wish.client_id != audience) {
        return fail(ErrorCode::invalid_argument, "The ID token is not this client's");
      }
      wish.client_id = audience;
      wish.subject = text_or(*hint, "sub", "");
    }
  }
  const std::string uri(form.text("post_logout_redirect_uri"));
  if (uri.empty()) return wish;
  const auto client = apis_.read([&](storage::Transaction& transaction) {
    return storage::ClientStore(transaction).find(wish.client_id);
  });
  if (!client || !is_logout_address(uri, *client)) {
    return fail(ErrorCode::invalid_argument,
                "The post_logout_redirect_uri is not one that the client has registered");
  }
  wish.location = uri;
  if (form.has("state")) {
    wish.location += uri.find('?') == std::string::npos ? '?' : '&';
    wish.location += "state=" + percent_encode(form.text("state"));
  }
  return wish;
}

http::Response LogoutEndpoint::take_answer(const Browser& browser, const Form& form, int status) {
  const std::optional<json::object> memory = pages_.guard().open(browser, page_name, form);
  if (!memory) return pages_.show_forged(browser);
  if (form.text("logout") != "yes") {
    return pages_.show(browser, model::first_tenant,
                       {.title = "Still signed in",
                        .body = html("<h1>Still signed in</h1>{}",
                                     notice("Nothing has changed. You can close this page."))});
  }
  return finish(browser, text_or(*memory, "location", ""), status);
}

http::Response LogoutEndpoint::ask(const Browser& browser, const Wish& wish) const {
  const Markup fields =
      html(R"(<div class="pair"><button type="submit" name="logout" value="yes">Sign out</button>)"
           R"(<button type="submit" name="logout" value="no" class="plain">Stay</button></div>)");
  return pages_.show(browser, model::first_tenant,
                     {.title = "Sign out",
                      .body = html("<h1>Sign out?</h1><p class=\"soft\">{}</p>{}",
                                   "You will be asked for your password the next time.",
                                   pages_.form(browser, page_name, page_name,
                                               {{"location", wish.location}}, fields)),
                      .form_target = wish.location.empty() ? "" : origin_of(wish.location)});
}

http::Response LogoutEndpoint::finish(const Browser& browser, const std::string& location,
                                      int status) {
  if (!browser.session.empty()) {
    const Result<> ended = sessions_.end(browser.session);
    if (!ended) return pages_.show_error(browser, ended.error());
  }
  http::Response response;
  if (location.empty()) {
    response = pages_.show(browser, model::first_tenant,
                           {.title = "Signed out",
                            .body = html("<h1>Signed out</h1>{}",
                                         notice("You are signed out. You can close this page."))});
  } else {
    response = see_other(location);
    response.status = status;
  }
  response.headers.add("Set-Cookie", end_cookie(session_cookie));
  return response;
}

}  // namespace gatehouse::keymanager
