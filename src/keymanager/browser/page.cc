// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/page.h"

#include "core/digest.h"
#include "core/text.h"
#include "keymanager/browser/style.h"

namespace gatehouse::keymanager {

namespace {

void add_guards(http::Response& response) {
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Referrer-Policy", "no-referrer");
  response.headers.add("X-Content-Type-Options", "nosniff");
}

}  // namespace

http::Response render(const Page& page, const Theme& theme) {
  const std::string style = std::string(page_style) + theme.style;
  const Markup logo = theme.logo.empty() ? Markup{} : html(R"(<img src="{}" alt="">)", theme.logo);
  const Markup text = html(
      R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{} – {}</title>
<style>{}</style>
</head>
<body>
<header>{}<p>{}</p></header>
<main{}>
{}
</main>
</body>
</html>
)",
      page.title, theme.name, Markup{style}, logo, theme.name,
      Markup{page.width == PageWidth::wide ? " class=\"wide\"" : ""}, page.body);
  http::Response response = http::make_response(page.status, "text/html; charset=utf-8", text.text);
  const std::string form_target = page.form_target.empty() ? "" : " " + page.form_target;
  response.headers.add(
      "Content-Security-Policy",
      fmt::format("default-src 'none'; style-src 'sha256-{}'; img-src data:; script-src 'self'; "
                  "form-action 'self'{}; frame-ancestors 'none'; base-uri 'none'",
                  to_base64(to_bytes(sha256(style))), form_target));
  response.headers.add("X-Frame-Options", "DENY");
  response.headers.add("Content-Language", "en");
  add_guards(response);
  return response;
}

http::Response see_other(std::string location) {
  http::Response response;
  response.status = 303;
  response.headers.add("Location", std::move(location));
  add_guards(response);
  return response;
}

Markup alert(std::string_view text) {
  if (text.empty()) return {};
  return html(R"(<p class="message bad" role="alert">{}</p>)", text);
}

Markup notice(std::string_view text) {
  if (text.empty()) return {};
  return html(R"(<p class="message good" role="status">{}</p>)", text);
}

Markup hidden_field(std::string_view name, std::string_view value) {
  return html(R"(<input type="hidden" name="{}" value="{}">)", name, value);
}

}  // namespace gatehouse::keymanager
