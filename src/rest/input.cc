// SPDX-License-Identifier: Apache-2.0
#include "rest/input.h"

#include <fmt/format.h>

#include "core/text.h"
#include "rest/media_type.h"
#include "rest/multipart.h"
#include "schema/parts.h"

namespace gatehouse::rest {

namespace {

constexpr std::string_view form_type = "multipart/form-data";

std::string as_text(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

Result<> check_text(const schema::Document& document, const schema::Parameter& parameter,
                    std::string_view text) {
  const schema::Validator validator = document.validator();
  json::value value = validator.from_text(*parameter.schema, text);
  return validator.check(*parameter.schema, value, parameter.name);
}

Result<> read_query(const schema::Document& document, const schema::Parameter& parameter,
                    const std::vector<std::pair<std::string, std::string>>& fields, Call& call) {
  const auto named = [&](const auto& field) { return field.first == parameter.name; };
  const auto found = std::find_if(fields.begin(), fields.end(), named);
  if (found == fields.end()) {
    if (parameter.required) {
      return fail(ErrorCode::invalid_argument, parameter.name + ": required");
    }
    if (const json::value* fallback = parameter.schema->if_contains("default")) {
      call.query[parameter.name] = as_text(*fallback);
    }
    return {};
  }
  if (std::any_of(std::next(found), fields.end(), named)) {
    return fail(ErrorCode::invalid_argument, parameter.name + ": given more than once");
  }
  if (!is_utf8(found->second)) {
    return fail(ErrorCode::invalid_argument, parameter.name + ": must be UTF-8");
  }
  GH_CHECK(check_text(document, parameter, found->second));
  call.query[parameter.name] = found->second;
  return {};
}

Result<> read_form(const schema::Document& document, const schema::Body& body, Call& call) {
  GH_TRY(parts,
         parse_multipart(call.request.headers.value_or("Content-Type", ""), call.request.body));
  call.parts = std::move(parts);
  const schema::Validator validator = document.validator();
  schema::Members members;
  if (body.schema != nullptr) {
    GH_TRY(schemas, schema::parts_of(document.root(), *body.schema));
    members = schema::members_of(schemas);
  }
  json::object fields;
  for (const Part& part : call.parts) {
    const auto known = members.properties.find(part.name);
    const json::object* field = known == members.properties.end() ? nullptr : known->second;
    const bool is_file = field != nullptr && text_or(*field, "format", "") == "binary";
    if (fields.contains(part.name)) {
      return fail(ErrorCode::invalid_argument, fmt::format("/{}: given more than once", part.name));
    }
    if (!is_file && !is_utf8(part.bytes)) {
      return fail(ErrorCode::invalid_argument, fmt::format("/{}: must be UTF-8", part.name));
    }
    // A file's bytes stay in its part; here only its presence counts.
    fields[part.name] =
        is_file || field == nullptr ? json::value("") : validator.from_text(*field, part.bytes);
  }
  call.body = std::move(fields);
  return body.schema == nullptr ? Result<>() : validator.check(*body.schema, call.body);
}

}  // namespace

Result<> read_parameters(const schema::Document& document, const schema::Operation& operation,
                         Call& call) {
  GH_TRY(fields, parse_form(call.request.query));
  for (const schema::Parameter& parameter : operation.parameters) {
    switch (parameter.place) {
      case schema::ParameterPlace::query:
        GH_CHECK(read_query(document, parameter, fields, call));
        break;
      case schema::ParameterPlace::path: {
        const std::string& text = call.path_value(parameter.name);
        if (!is_utf8(text)) {
          return fail(ErrorCode::invalid_argument, parameter.name + ": must be UTF-8");
        }
        GH_CHECK(check_text(document, parameter, text));
        break;
      }
      case schema::ParameterPlace::header:
        break;  // read by whoever gives them meaning: Accept, If-None-Match, the tenant's
    }
  }
  return {};
}

const schema::Body* body_for(const schema::Operation& operation, std::string_view content_type) {
  if (operation.bodies.empty()) return nullptr;
  if (content_type.empty()) return &operation.bodies.front();
  const std::string media_type = media_type_of(content_type);
  const auto found =
      std::find_if(operation.bodies.begin(), operation.bodies.end(),
                   [&](const schema::Body& body) { return body.media_type == media_type; });
  return found == operation.bodies.end() ? nullptr : &*found;
}

Result<> read_body(const schema::Document& document, const schema::Body& body, Call& call) {
  if (body.media_type == form_type) return read_form(document, body, call);
  GH_TRY(value, parse_json(call.request.body));
  call.body = std::move(value);
  return body.schema == nullptr ? Result<>() : document.validator().check(*body.schema, call.body);
}

}  // namespace gatehouse::rest
