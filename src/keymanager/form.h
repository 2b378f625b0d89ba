// SPDX-License-Identifier: Apache-2.0
//
// The parameters of a request to an OAuth endpoint. Secrets come in the body alone: what stands in
// the URL ends in logs.
//
// Thread:  plain values.
// Source:  RFC 6749, sections 3.1, 3.2 and 4.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "http/message.h"

namespace gatehouse::keymanager {

inline constexpr std::size_t form_fields_max = 64;
inline constexpr std::size_t scopes_asked_max = 512;

class Form {
 public:
  // Error: invalid_request, when the body is not a form, or names a parameter twice that is neither
  //        `resource` nor `audience` (RFC 8707, section 2; RFC 8693, section 2.1).
  static Result<Form> parse(const http::Request& request);
  // The same of a query, for the pages that a browser opens.
  static Result<Form> parse_query(std::string_view query);

  // Empty when absent: a parameter without a value counts as omitted.
  std::string_view text(std::string_view name) const;
  bool has(std::string_view name) const { return !text(name).empty(); }
  // Each value that is not empty.
  std::vector<std::string> texts(std::string_view name) const;
  // Error: invalid_request, when it is omitted.
  Result<std::string> required(std::string_view name) const;
  // The words of `scope`, each once. Error: invalid_scope, for a character that RFC 6749 section
  // 3.3 does not allow, or too many.
  Result<std::vector<std::string>> scopes() const;

  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  static Result<Form> from_text(std::string_view text);

  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace gatehouse::keymanager
