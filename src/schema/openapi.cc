// SPDX-License-Identifier: Apache-2.0
#include "schema/openapi.h"

#include <fmt/format.h>

#include <set>

#include "core/text.h"
#include "schema/parts.h"

namespace gatehouse::schema {

namespace {

constexpr std::array methods = {"get", "put", "post", "delete", "head", "patch", "options"};

Result<const json::object*> followed(const json::object& root, const json::object& object) {
  const json::value* reference = object.if_contains("$ref");
  if (reference == nullptr) return &object;
  const json::object* target =
      reference->is_string() ? resolve(root, reference->get_string()) : nullptr;
  if (target == nullptr) {
    return fail(ErrorCode::invalid_argument, "Refers to nothing: " + json::serialize(*reference));
  }
  return target;
}

Result<> read_parameters(const json::object& root, const json::object& holder,
                         Operation& operation) {
  const json::array* parameters = array_at(holder, "parameters");
  if (parameters == nullptr) return {};
  for (const json::value& entry : *parameters) {
    if (!entry.is_object()) continue;
    GH_TRY(object, followed(root, entry.get_object()));
    Parameter parameter;
    parameter.name = text_or(*object, "name", "");
    const std::string place = text_or(*object, "in", "query");
    parameter.place = place == "path"     ? ParameterPlace::path
                      : place == "header" ? ParameterPlace::header
                                          : ParameterPlace::query;
    parameter.required = flag_or(*object, "required", false);
    parameter.schema = object_at(*object, "schema");
    if (parameter.name.empty() || parameter.schema == nullptr) {
      return fail(ErrorCode::invalid_argument, "A parameter without name or schema");
    }
    operation.parameters.push_back(std::move(parameter));
  }
  return {};
}

Result<> read_bodies(const json::object& root, const json::object& object, Operation& operation) {
  const json::object* entry = object_at(object, "requestBody");
  if (entry == nullptr) return {};
  GH_TRY(body, followed(root, *entry));
  operation.body_required = flag_or(*body, "required", false);
  const json::object* content = object_at(*body, "content");
  if (content == nullptr) return {};
  for (const auto& [media_type, description] : *content) {
    const json::object* schema =
        description.is_object() ? object_at(description.get_object(), "schema") : nullptr;
    operation.bodies.push_back({std::string(media_type), schema});
  }
  return {};
}

Result<> read_answers(const json::object& root, const json::object& object, Operation& operation) {
  const json::object* responses = object_at(object, "responses");
  if (responses == nullptr) return {};
  for (const auto& [status, entry] : *responses) {
    const auto number = parse_number(status);
    if (!number || !entry.is_object()) continue;  // "default"
    GH_TRY(response, followed(root, entry.get_object()));
    Answer answer{static_cast<int>(*number), {}};
    if (const json::object* content = object_at(*response, "content")) {
      for (const auto& media_type : *content) answer.media_types.emplace_back(media_type.key());
    }
    operation.answers.push_back(std::move(answer));
  }
  return {};
}

void read_security(const json::object& root, const json::object& object, Operation& operation) {
  const json::array* requirements = array_at(object, "security");
  if (requirements == nullptr) requirements = array_at(root, "security");
  if (requirements == nullptr) return;
  operation.anonymous = requirements->empty();
  for (const json::value& requirement : *requirements) {
    const json::object* schemes = requirement.if_object();
    if (schemes == nullptr) continue;
    operation.anonymous = operation.anonymous || schemes->empty();
    for (const auto& scheme : *schemes) {
      for (std::string& scope : texts_of(*schemes, scheme.key())) {
        operation.scopes.push_back(std::move(scope));
      }
    }
  }
}

Result<Operation> read_operation(const json::object& root, const json::object& path_item,
                                 const json::object& object) {
  Operation operation;
  operation.id = text_or(object, "operationId", "");
  GH_CHECK(read_parameters(root, path_item, operation));
  GH_CHECK(read_parameters(root, object, operation));
  GH_CHECK(read_bodies(root, object, operation));
  GH_CHECK(read_answers(root, object, operation));
  read_security(root, object, operation);
  return operation;
}

}  // namespace

bool Operation::answers_with(int status) const {
  return std::any_of(answers.begin(), answers.end(),
                     [&](const Answer& answer) { return answer.status == status; });
}

Result<Document> Document::parse(std::string_view text) {
  GH_TRY(root, parse_json_object(text));
  return from(std::move(root));
}

Result<Document> Document::from(json::object root) {
  Document document(std::move(root));
  const json::object* paths = object_at(*document.root_, "paths");
  if (paths == nullptr) return fail(ErrorCode::invalid_argument, "An OpenAPI document has paths");
  std::set<std::string, std::less<>> ids;
  for (const auto& [path, item] : *paths) {
    if (!item.is_object()) continue;
    for (const std::string_view method : methods) {
      const json::object* object = object_at(item.get_object(), method);
      if (object == nullptr) continue;
      GH_TRY(operation, read_operation(*document.root_, item.get_object(), *object));
      operation.path = path;
      operation.method = method;
      for (char& c : operation.method) c = static_cast<char>(c - 'a' + 'A');
      if (operation.id.empty()) operation.id = operation.method + " " + operation.path;
      if (!ids.insert(operation.id).second) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{} {}: the operationId '{}' is taken", operation.method,
                                operation.path, operation.id));
      }
      document.operations_.push_back(std::move(operation));
    }
  }
  return document;
}

}  // namespace gatehouse::schema
