// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/form_guard.h"

#include "core/text.h"
#include "keymanager/browser/cookies.h"
#include "keymanager/browser/page.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::size_t key_size = 16;
constexpr std::size_t key_text_size = 22;  // of base64url

std::string context_of(const Browser& browser, std::string_view purpose) {
  return fmt::format("form\n{}\n{}", purpose, browser.key);
}

}  // namespace

Browser FormGuard::browser_of(const http::Request& request) const {
  Browser browser{.key = cookie_of(request, form_cookie),
                  .fresh = false,
                  .session = cookie_of(request, session_cookie),
                  .device = cookie_of(request, device_cookie),
                  .address = request.peer.address};
  if (browser.key.size() != key_text_size || !from_base64url(browser.key)) {
    browser.key = to_base64url(random_.bytes(key_size));
    browser.fresh = true;
  }
  return browser;
}

Markup FormGuard::fields(const Browser& browser, std::string_view purpose,
                         const json::object& memory) const {
  const std::string context = context_of(browser, purpose);
  const json::object sealed{{"until", to_ms(clock_.now() + lifetime)}, {"memory", memory}};
  const std::string text = to_base64url(sealer_.seal(json::serialize(sealed), context, random_));
  // The proof is sealed apart from the memory, yet for it alone.
  const std::string proof = to_base64url(sealer_.seal("csrf", context + '\n' + text, random_));
  return {hidden_field("csrf", proof).text + hidden_field("memory", text).text};
}

std::optional<json::object> FormGuard::open(const Browser& browser, std::string_view purpose,
                                            const Form& form) const {
  if (browser.fresh) return std::nullopt;
  const std::string context = context_of(browser, purpose);
  const std::string text(form.text("memory"));
  const Result<std::string> proof = from_base64url(form.text("csrf"));
  if (!proof || !sealer_.open(*proof, context + '\n' + text)) return std::nullopt;
  const Result<std::string> sealed = from_base64url(text);
  if (!sealed) return std::nullopt;
  const Result<std::string> opened = sealer_.open(*sealed, context);
  if (!opened) return std::nullopt;
  const Result<json::object> object = parse_json_object(*opened);
  if (!object || from_ms(number_or(*object, "until", 0)) <= clock_.now()) return std::nullopt;
  const json::object* memory = object_at(*object, "memory");
  return memory == nullptr ? std::optional<json::object>() : *memory;
}

void FormGuard::keep(const Browser& browser, http::Response& response) const {
  if (browser.fresh) response.headers.add("Set-Cookie", make_cookie(form_cookie, browser.key));
}

}  // namespace gatehouse::keymanager
