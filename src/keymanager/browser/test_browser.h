// SPDX-License-Identifier: Apache-2.0
//
// A browser for tests: keeps cookies, reads the forms of pages, and sends them back.
//
// Thread:  one.
#pragma once

#include <map>

#include "keymanager/test_key_manager.h"

namespace gatehouse::keymanager {

inline std::string unescape_html(std::string text) {
  const std::pair<std::string_view, std::string_view> all[] = {{"&lt;", "<"},    {"&gt;", ">"},
                                                               {"&quot;", "\""}, {"&#39;", "'"},
                                                               {"&#96;", "`"},   {"&amp;", "&"}};
  for (const auto& [from, to] : all) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
      text.replace(at, from.size(), to);
    }
  }
  return text;
}

class TestBrowser {
 public:
  using Fields = std::map<std::string, std::string>;

  explicit TestBrowser(TestKeyManager& server, std::string address = "192.0.2.1")
      : server_(server), address_(std::move(address)) {}

  // What a browser would show now.
  http::Response page;

  int get(const std::string& target) { return send(http::make_request("GET", target)); }
  int post(const std::string& path, const Fields& fields) {
    std::string body;
    for (const auto& [name, value] : fields) {
      if (!body.empty()) body += '&';
      body += percent_encode(name) + '=' + percent_encode(value);
    }
    return send(http::make_request("POST", path, body, "application/x-www-form-urlencoded"));
  }

  // The form of the page with these fields filled in, sent to the path that the page came from.
  int submit(const Fields& typed) {
    Fields fields = hidden();
    for (const auto& [name, value] : typed) fields[name] = value;
    return post(path_, fields);
  }
  int sign_in(const std::string& name, const std::string& password) {
    return submit({{"username", name}, {"password", password}});
  }

  Fields hidden() const {
    Fields fields;
    for (std::string_view rest = page.body;;) {
      const std::size_t begin = rest.find("<input type=\"hidden\" name=\"");
      if (begin == std::string_view::npos) return fields;
      rest.remove_prefix(begin + 27);
      const std::size_t name_end = rest.find('"');
      const std::string name(rest.substr(0, name_end));
      rest.remove_prefix(name_end + 9);  // `" value="`
      fields[name] = unescape_html(std::string(rest.substr(0, rest.find('"'))));
    }
  }

  bool shows(std::string_view text) const { return page.body.find(text) != std::string::npos; }
  std::string location() const { return std::string(page.headers.value_or("Location", "")); }
  // A parameter of the place that the browser is sent to; empty when it is not there.
  std::string answer(std::string_view name) const {
    const std::string place = location();
    const std::size_t mark = place.find_first_of("?#");
    if (mark == std::string::npos) return "";
    const auto fields = parse_form(std::string_view(place).substr(mark + 1));
    for (const auto& [field, value] : *fields) {
      if (field == name) return value;
    }
    return "";
  }

  std::map<std::string, std::string> cookies;

 private:
  int send(http::Request request) {
    std::string jar;
    for (const auto& [name, value] : cookies) jar += (jar.empty() ? "" : "; ") + name + '=' + value;
    if (!jar.empty()) request.headers.add("Cookie", jar);
    request.peer.address = address_;
    path_ = request.path;
    page = server_->public_handler().handle(request);
    for (const auto& [name, value] : page.headers) {
      if (name != "Set-Cookie") continue;
      const std::size_t equal = value.find('=');
      const std::string text = value.substr(equal + 1, value.find(';') - equal - 1);
      if (text.empty()) cookies.erase(value.substr(0, equal));
      if (!text.empty()) cookies[value.substr(0, equal)] = text;
    }
    return page.status;
  }

  TestKeyManager& server_;
  const std::string address_;
  std::string path_;
};

inline constexpr std::string_view app_uri = "https://app.example/cb";
inline constexpr std::string_view verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
inline constexpr std::string_view challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct TestClient {
  std::string id;
  std::string secret;

  std::string pair() const { return id + ':' + secret; }
};

// A client of the administrator with the callback `app_uri` and these members in its document.
inline TestClient browser_client(TestKeyManager& server, const json::object& document = {},
                                 const std::vector<std::string>& callbacks = {std::string(app_uri)},
                                 const std::vector<std::string>& grants = {
                                     "authorization_code", "refresh_token", "password", "implicit",
                                     "urn:ietf:params:oauth:grant-type:device_code"}) {
  SystemRandom random;
  const auto made = server.internal("POST", "clients",
                                    {{"name", "App <" + random_uuid(random) + ">"},
                                     {"owner_id", server.user_id("admin")},
                                     {"grant_types", gatehouse::to_json(grants)},
                                     {"callback_urls", gatehouse::to_json(callbacks)}});
  GH_ASSERT(made.status == 201);
  TestClient client{text_or(made.body, "client_id", ""), text_or(made.body, "client_secret", "")};
  GH_ASSERT(server.databases()
                .api_manager()
                .write([&](storage::Transaction& transaction) -> Result<> {
                  storage::ClientStore store(transaction);
                  GH_TRY(row, store.find(client.id));
                  for (const auto& [name, value] : document) row.document[name] = value;
                  return store.update(row);
                })
                .has_value());
  return client;
}

// The target of an authorization request: `more` replaces or adds; an empty value takes away.
inline std::string authorize_target(const TestClient& client, TestBrowser::Fields more = {}) {
  TestBrowser::Fields fields{{"client_id", client.id},
                             {"redirect_uri", std::string(app_uri)},
                             {"response_type", "code"},
                             {"scope", "openid"},
                             {"state", "s&1"},
                             {"code_challenge", std::string(challenge)},
                             {"code_challenge_method", "S256"}};
  for (auto& [name, value] : more) fields[name] = value;
  std::string target = "/oauth2/authorize?";
  for (const auto& [name, value] : fields) {
    if (!value.empty()) target += name + '=' + percent_encode(value) + '&';
  }
  target.pop_back();
  return target;
}

// A browser in which the administrator has signed on and agreed to openid.
inline TestBrowser signed_on_browser(TestKeyManager& server, const TestClient& app) {
  TestBrowser browser(server);
  browser.get(authorize_target(app));
  browser.sign_in("admin", std::string(admin_password));
  if (browser.page.status == 200) browser.submit({{"consent", "approve"}});
  EXPECT_EQ(browser.page.status, 303) << browser.page.body;
  return browser;
}

inline TestKeyManager::Answer redeem_code(TestKeyManager& server, const std::string& code,
                                          const TestClient& app) {
  return server.token(
      fmt::format("grant_type=authorization_code&code={}&redirect_uri={}&code_verifier={}", code,
                  percent_encode(app_uri), verifier),
      app.pair());
}

}  // namespace gatehouse::keymanager
