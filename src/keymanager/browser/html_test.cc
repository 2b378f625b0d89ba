// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/html.h"

#include <gmock/gmock.h>

#include "core/digest.h"
#include "core/text.h"
#include "keymanager/browser/page.h"
#include "keymanager/browser/qr_code.h"
#include "keymanager/browser/style.h"

namespace gatehouse::keymanager {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Html, EscapesWhatIsNotOurs) {
  const std::pair<std::string, const char*> rows[] = {{"plain", "plain"},
                                                      {"<script>", "&lt;script&gt;"},
                                                      {"\" onclick=\"x", "&quot; onclick=&quot;x"},
                                                      {"' x='`", "&#39; x=&#39;&#96;"},
                                                      {"&lt;", "&amp;lt;"},
                                                      {"é€", "é€"},
                                                      {std::string("a\0b", 3),
                                                       "a\xEF\xBF\xBD"
                                                       "b"}};
  for (const auto& [text, escaped] : rows) {
    EXPECT_EQ(escape_html(text), escaped);
    EXPECT_EQ(html("<p>{}</p>", text).text, std::string("<p>") + escaped + "</p>");
  }
}

TEST(Html, TakesMarkupAsItIs) {
  const Markup inner = html("<b>{}</b>", "a<b");
  EXPECT_EQ(html("{} {}", inner, 7).text, "<b>a&lt;b</b> 7");
}

std::string policy_of(const http::Response& response) {
  return std::string(response.headers.value_or("Content-Security-Policy", ""));
}

TEST(Page, IsGuardedByItsHeaders) {
  const http::Response response =
      render({.title = "A<b", .body = html("<h1>x</h1>"), .form_target = "https://a.example"}, {});
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("<title>A&lt;b – Gatehouse</title>"));
  EXPECT_THAT(response.body, HasSubstr("<html lang=\"en\">"));
  EXPECT_THAT(response.body, Not(HasSubstr("<script")));
  EXPECT_THAT(response.body, Not(HasSubstr("style=")));
  const std::string hash = to_base64(to_bytes(sha256(page_style)));
  EXPECT_EQ(policy_of(response),
            "default-src 'none'; style-src 'sha256-" + hash +
                "'; img-src data:; script-src 'self'; form-action 'self' https://a.example; "
                "frame-ancestors 'none'; base-uri 'none'");
  EXPECT_EQ(response.headers.value_or("Cache-Control", ""), "no-store");
  EXPECT_EQ(response.headers.value_or("Referrer-Policy", ""), "no-referrer");
  EXPECT_EQ(response.headers.value_or("X-Frame-Options", ""), "DENY");
  EXPECT_EQ(response.headers.value_or("X-Content-Type-Options", ""), "nosniff");
}

TEST(Page, WearsTheThemeOfItsTenant) {
  const Theme theme{
      .name = "Shop & Co", .style = "h1{color:red}", .logo = "data:image/png;base64,AA=="};
  const http::Response response = render({.title = "T", .body = html("<h1>x</h1>")}, theme);
  EXPECT_THAT(response.body, HasSubstr("T – Shop &amp; Co"));
  EXPECT_THAT(response.body, HasSubstr("h1{color:red}</style>"));
  EXPECT_THAT(response.body, HasSubstr(R"(<img src="data:image/png;base64,AA==" alt="">)"));
  const std::string style = std::string(page_style) + theme.style;
  EXPECT_THAT(policy_of(response), HasSubstr(to_base64(to_bytes(sha256(style)))));
}

TEST(QrCode, IsAnImageWithALabel) {
  const Markup image = qr_image("otpauth://totp/x?secret=ABC", "A <code>");
  EXPECT_THAT(image.text, HasSubstr(R"(role="img" aria-label="A &lt;code&gt;")"));
  // The first module of the finder pattern stands behind the quiet zone.
  EXPECT_THAT(image.text, HasSubstr("M4 4h1v1h-1z"));
  EXPECT_EQ(qr_image(std::string(10'000, 'x'), "too long").text, "");
}

}  // namespace
}  // namespace gatehouse::keymanager
