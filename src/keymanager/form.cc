// SPDX-License-Identifier: Apache-2.0
#include "keymanager/form.h"

#include <algorithm>

#include "core/text.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

namespace {

bool is_form(const http::Request& request) {
  if (request.headers.count("Content-Type") != 1) return false;
  const std::string_view type = request.headers.value_or("Content-Type", "");
  return equals_ignoring_case(trim(type.substr(0, type.find(';'))),
                              "application/x-www-form-urlencoded");
}

bool may_repeat(std::string_view name) { return name == "resource" || name == "audience"; }

// NQCHAR of RFC 6749, appendix A.4.
bool is_scope(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
}

}  // namespace

Result<Form> Form::parse(const http::Request& request) {
  if (!is_form(request)) {
    return refuse(invalid_request, "The body is not application/x-www-form-urlencoded");
  }
  return from_text(request.body);
}

Result<Form> Form::parse_query(std::string_view query) { return from_text(query); }

Result<Form> Form::from_text(std::string_view text) {
  Result<std::vector<std::pair<std::string, std::string>>> fields =
      parse_form(text, form_fields_max);
  if (!fields) return refuse(invalid_request, fields.error().message);
  Form form;
  for (auto& [name, value] : *fields) {
    const bool twice =
        !may_repeat(name) && std::any_of(form.fields_.begin(), form.fields_.end(),
                                         [&](const auto& field) { return field.first == name; });
    if (twice) return refuse(invalid_request, "A parameter is there twice", name);
    if (!is_utf8(name) || !is_utf8(value)) {
      return refuse(invalid_request, "A parameter is not UTF-8");
    }
    form.fields_.emplace_back(std::move(name), std::move(value));
  }
  return form;
}

std::string_view Form::text(std::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (field == name) return value;
  }
  return {};
}

std::vector<std::string> Form::texts(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [field, value] : fields_) {
    if (field == name && !value.empty()) values.push_back(value);
  }
  return values;
}

Result<std::string> Form::required(std::string_view name) const {
  const std::string_view value = text(name);
  if (value.empty()) return refuse(invalid_request, fmt::format("'{}' is missing", name));
  return std::string(value);
}

Result<std::vector<std::string>> Form::scopes() const {
  std::vector<std::string> scopes;
  for (std::string& scope : split_words(text("scope"))) {
    if (!is_scope(scope)) return refuse(invalid_scope, "A scope has a character not allowed");
    if (std::find(scopes.begin(), scopes.end(), scope) == scopes.end()) {
      scopes.push_back(std::move(scope));
    }
    if (scopes.size() > scopes_asked_max) return refuse(invalid_scope, "Too many scopes");
  }
  return scopes;
}

}  // namespace gatehouse::keymanager
