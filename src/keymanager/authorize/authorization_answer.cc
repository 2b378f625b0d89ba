// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/authorization_answer.h"

#include "core/log.h"
#include "core/text.h"
#include "keymanager/authorize/redirect_uri.h"
#include "keymanager/browser/page.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

namespace {

std::string encoded(const AnswerFields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    if (!text.empty()) text += '&';
    text += percent_encode(name) + '=' + percent_encode(value);
  }
  return text;
}

http::Response form_page(const AnswerOrigin& origin, const ReturnAddress& back,
                         const AnswerFields& fields) {
  Markup inputs;
  for (const auto& [name, value] : fields) inputs += hidden_field(name, value);
  return render({.title = "Back to the application",
                 .body = html(R"(<h1>Back to the application</h1>
<form method="post" action="{}">{}<button type="submit" autofocus>Continue</button></form>
<script src="submit.js"></script>)",
                              back.redirect_uri, inputs),
                 .form_target = origin_of(back.redirect_uri)},
                origin.theme);
}

}  // namespace

const std::string_view submit_script = "document.forms[0].submit();\n";

http::Response send_answer(const AnswerOrigin& origin, const ReturnAddress& back,
                           AnswerFields fields) {
  if (!back.state.empty()) fields.emplace_back("state", back.state);
  fields.emplace_back("iss", origin.issuer);
  if (back.mode == ResponseMode::form_post) return form_page(origin, back, fields);
  const bool fragment = back.mode == ResponseMode::fragment;
  const bool has_query = back.redirect_uri.find('?') != std::string::npos;
  const char mark = fragment ? '#' : has_query ? '&' : '?';
  http::Response response = see_other(back.redirect_uri + mark + encoded(fields));
  if (!origin.answers_form) response.status = 302;
  return response;
}

http::Response send_refusal(const AnswerOrigin& origin, const ReturnAddress& back,
                            const Error& error) {
  const OAuthError& known = oauth_error_of(error);
  const bool ours = known.number == error.number;
  if (!error.detail.empty()) log_info("authorize: {}: {}", known.name, error.detail);
  return send_answer(origin, back,
                     {{"error", known.name},
                      {"error_description", ours ? error.message : "Try again in a moment"}});
}

}  // namespace gatehouse::keymanager
