// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/pages.h"

#include <algorithm>
#include <array>

#include "core/log.h"

namespace gatehouse::keymanager {

namespace {

// The fields of our forms; an authorization request has none of them.
constexpr std::array<std::string_view, 8> page_fields{"csrf",    "memory", "username", "password",
                                                      "consent", "code",   "account",  "user_code"};

int status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::exhausted:
    case ErrorCode::unavailable: return 503;
    case ErrorCode::internal: return 500;
    default: return 400;
  }
}

}  // namespace

http::Response Pages::show(const Browser& browser, model::TenantNumber tenant,
                           const Page& page) const {
  const Result<storage::Tenant> found = directory_.tenant(tenant);
  http::Response response = render(page, themes_.of(found ? found->domain : ""));
  guard_.keep(browser, response);
  return response;
}

http::Response Pages::show_error(const Browser& browser, const Error& error) const {
  const int status = status_of(error);
  if (status >= 500) log_warning("page: {} ({})", error.message, error.detail);
  const std::string text = status >= 500 ? "This does not work at the moment." : error.message;
  const std::string_view advice =
      status == 400 ? "Go back to the application that sent you here, and tell whoever runs it."
                    : "Please try again in a moment.";
  const Page page{
      .title = "Something is wrong",
      .body = html("<h1>Something is wrong</h1>{}<p class=\"soft\">{}</p>", alert(text), advice),
      .status = status};
  http::Response response = show(browser, model::first_tenant, page);
  if (status == 503) response.headers.add("Retry-After", "1");
  return response;
}

http::Response Pages::show_forged(const Browser& browser) const {
  const Page page{.title = "Please start again",
                  .body = html("<h1>Please start again</h1>{}<p class=\"soft\">{}</p>",
                               alert("This form cannot be taken."),
                               "It was open for too long, or it does not come from this browser. "
                               "Go back to the application and begin anew."),
                  .status = 403};
  return show(browser, model::first_tenant, page);
}

Markup Pages::form(const Browser& browser, std::string_view action, std::string_view purpose,
                   const json::object& memory, const Markup& fields) const {
  return html(R"(<form method="post" action="{}">{}{}</form>)", action,
              guard_.fields(browser, purpose, memory), fields);
}

bool is_page_form(const Form& form) {
  return std::any_of(page_fields.begin(), page_fields.end(), [&](std::string_view name) {
    return std::any_of(form.fields().begin(), form.fields().end(),
                       [&](const auto& field) { return field.first == name; });
  });
}

}  // namespace gatehouse::keymanager
