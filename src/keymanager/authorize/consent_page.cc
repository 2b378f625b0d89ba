// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/consent_page.h"

#include <array>

namespace gatehouse::keymanager {

namespace {

struct Meaning {
  std::string_view scope;
  std::string_view text;
};
constexpr std::array meanings{
    Meaning{"openid", "Know that you are you"},
    Meaning{"profile", "See your user name and profile"},
    Meaning{"email", "See your e-mail address"},
    Meaning{"offline_access", "Do this also while you are away"},
    Meaning{"apim:admin", "Administer the whole platform"},
    Meaning{"apim:api_view", "See APIs"},
    Meaning{"apim:api_create", "Create APIs"},
    Meaning{"apim:api_publish", "Publish APIs"},
    Meaning{"apim:api_delete", "Delete APIs"},
    Meaning{"apim:subscribe", "Subscribe to APIs"},
    Meaning{"apim:app_manage", "Manage your applications and their keys"},
};

Markup item_of(const std::string& scope) {
  for (const Meaning& meaning : meanings) {
    if (meaning.scope == scope) {
      return html("<li>{} <small>{}</small></li>", meaning.text, scope);
    }
  }
  return html("<li>{}</li>", scope);
}

struct Link {
  std::string_view member;
  std::string_view text;
};
constexpr std::array links{Link{"client_uri", "About the application"},
                           Link{"policy_uri", "Its privacy policy"},
                           Link{"tos_uri", "Its terms of service"}};

}  // namespace

Markup about_client(const storage::Client& client) {
  Markup list;
  for (const Link& link : links) {
    const std::string url = text_or(client.document, link.member, "");
    if (!url.starts_with("https://") && !url.starts_with("http://")) continue;
    list += html(R"(<li><a href="{}" target="_blank" rel="noopener noreferrer">{}</a></li>)", url,
                 link.text);
  }
  return list.text.empty() ? list : html(R"(<ul class="links">{}</ul>)", list);
}

Page consent_page(const Pages& pages, const Browser& browser, const ConsentQuestion& question) {
  Markup list;
  for (const std::string& scope : question.scopes) list += item_of(scope);
  const Markup wanted =
      question.scopes.empty()
          ? html("<p>It will know that you have signed in, and nothing else.</p>")
          : html(
                R"(<p id="asks">It wants to:</p><ul class="scopes" aria-labelledby="asks">{}</ul>)",
                list);
  const Markup device =
      question.device_code.empty()
          ? Markup{}
          : html(R"(<p>Your device shows the code <strong>{}</strong>. Go on only if it does, and )"
                 R"(if you hold that device yourself.</p>)",
                 question.device_code);
  const Markup fields = html(
      R"(<div class="pair"><button type="submit" name="consent" value="approve">Allow</button>)"
      R"(<button type="submit" name="consent" value="deny" class="plain">Deny</button></div>)");
  return {
      .title = "Allow access",
      .body = html(R"(<h1>Allow <strong>{}</strong>?</h1><p class="soft">You are signed in as )"
                   R"(<strong>{}</strong>.</p>{}{}{}{}<p><small>{}</small></p>)",
                   question.client_name, question.user_name, device, wanted, question.about,
                   pages.form(browser, question.action, question.action, question.memory, fields),
                   "You can take this back on your account page at any time."),
      .form_target = question.form_target};
}

Page account_page(const Pages& pages, const Browser& browser, const ConsentQuestion& question) {
  const Markup fields =
      html(R"(<button type="submit" name="account" value="continue">Continue as {}</button>)"
           R"(<button type="submit" name="account" value="other" class="plain">)"
           R"(Use another account</button>)",
           question.user_name);
  return {
      .title = "Choose an account",
      .body = html(
          R"(<h1>Choose an account</h1><p class="soft">to continue to <strong>{}</strong></p>{})",
          question.client_name,
          pages.form(browser, question.action, question.action, question.memory, fields)),
      .form_target = question.form_target};
}

}  // namespace gatehouse::keymanager
