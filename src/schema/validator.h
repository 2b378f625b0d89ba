// SPDX-License-Identifier: Apache-2.0
//
// Checks a JSON value against a schema of an OpenAPI document, and makes it what handlers expect:
// members that are read-only are dropped, absent members with a default are filled in, and a null
// where the schema knows none counts as absent.
//
// One rule is stricter than the standard: an object whose schema lists properties refuses others
// unless `additionalProperties` invites them. A misspelt field is then an error, not a surprise.
//
// Thread:  pure; the document is only read.
// Source:  OpenAPI 3.0.3, section 4.7.24; patterns are RE2's, so a match takes linear time.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "core/json.h"

namespace gatehouse::schema {

class Validator {
 public:
  // `document` holds the components that `$ref` names; it outlives the validator.
  explicit Validator(const json::object& document) : document_(document) {}

  // `where` is the path of `value`: empty for a body, a name for a parameter.
  // Error: invalid_argument, "/operations/0/verb: must be one of GET, PUT"; internal, when the
  // schema itself is broken.
  Result<> check(const json::object& schema, json::value& value, std::string where = "") const;

  // A parameter's or a form field's text as the type that `schema` wants: number, flag, list
  // between commas. Text that is no such thing stays text, for `check` to refuse.
  json::value from_text(const json::object& schema, std::string_view text) const;

 private:
  const json::object& document_;
};

}  // namespace gatehouse::schema
