// SPDX-License-Identifier: Apache-2.0
#include "admin/scim/bulk.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/text.h"

namespace gatehouse::admin {

namespace {

constexpr std::string_view reference = "bulkId:";
constexpr int depth_max = 32;

tl::unexpected<Error> wrong(std::string why, const char* type = "invalidSyntax") {
  return fail(ErrorCode::invalid_argument, std::move(why), type);
}

std::string to_upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

// "/Users" or "/Groups", and for everything but POST an id behind it.
bool is_path(const BulkOperation& operation) {
  for (const std::string_view collection : {"/Users", "/Groups"}) {
    if (!operation.path.starts_with(collection)) continue;
    const std::string_view rest = std::string_view(operation.path).substr(collection.size());
    if (operation.method == "POST") return rest.empty();
    return rest.size() > 1 && rest.front() == '/' && rest.find_first_of("/?#", 1) == rest.npos;
  }
  return false;
}

Result<BulkOperation> operation_from(const json::value& item) {
  const json::object* object = item.if_object();
  if (object == nullptr) return wrong("An operation is an object");
  BulkOperation operation{.method = to_upper(text_or(*object, "method", "")),
                          .bulk_id = text_or(*object, "bulkId", ""),
                          .version = text_or(*object, "version", ""),
                          .path = text_or(*object, "path", ""),
                          .data = {}};
  constexpr std::array<std::string_view, 4> methods{"POST", "PUT", "PATCH", "DELETE"};
  if (std::ranges::find(methods, operation.method) == methods.end()) {
    return wrong("An operation's method is POST, PUT, PATCH or DELETE");
  }
  if (operation.method == "POST" && operation.bulk_id.empty()) {
    return wrong("An operation with POST has a bulkId");
  }
  if (operation.version.find_first_of("\r\n") != std::string::npos) {
    return wrong("A version is that of a resource", "invalidValue");
  }
  if (!is_path(operation)) {
    return wrong(fmt::format("'{}' is no path of such an operation", operation.path),
                 "invalidPath");
  }
  const json::object* data = object_at(*object, "data");
  if (data != nullptr) operation.data = *data;
  if (data == nullptr && operation.method != "DELETE") return wrong("An operation has data");
  return operation;
}

// A reference to what is not known yet leaves the value as it is and clears `whole`.
void resolve_text(json::value& value, const BulkIds& ids, bool& whole) {
  const std::string_view text = value.get_string();
  if (!text.starts_with(reference)) return;
  const auto known = ids.find(std::string(text.substr(reference.size())));
  if (known == ids.end()) {
    whole = false;
    return;
  }
  value = known->second;
}

void resolve(json::value& value, const BulkIds& ids, bool& whole, int depth) {
  if (depth > depth_max) return;
  if (value.is_string()) return resolve_text(value, ids, whole);
  if (value.is_array()) {
    for (json::value& item : value.get_array()) resolve(item, ids, whole, depth + 1);
  }
  if (value.is_object()) {
    for (auto& member : value.get_object()) resolve(member.value(), ids, whole, depth + 1);
  }
}

}  // namespace

Result<BulkRequest> bulk_request_from(const json::object& body) {
  const std::vector<std::string> schemas = texts_of(body, "schemas");
  if (std::ranges::find(schemas, bulk_request_schema) == schemas.end()) {
    return wrong("The body is a BulkRequest");
  }
  const json::array* list = array_at(body, "Operations");
  if (list == nullptr) return wrong("'Operations' is missing");
  if (list->size() > bulk_operations_max) {
    return fail(ErrorCode::exhausted,
                fmt::format("A request has at most {} operations", bulk_operations_max), "413");
  }
  BulkRequest request;
  request.errors_max = number_or(body, "failOnErrors", 0);
  std::set<std::string> ids;
  for (const json::value& item : *list) {
    GH_TRY(operation, operation_from(item));
    if (!operation.bulk_id.empty() && !ids.insert(operation.bulk_id).second) {
      return wrong(fmt::format("The bulkId '{}' is there twice", operation.bulk_id),
                   "invalidValue");
    }
    request.operations.push_back(std::move(operation));
  }
  return request;
}

std::optional<BulkOperation> resolved(const BulkOperation& operation, const BulkIds& ids) {
  BulkOperation made = operation;
  bool whole = true;
  json::value data = std::move(made.data);
  resolve(data, ids, whole, 0);
  made.data = std::move(data.get_object());
  const std::size_t slash = made.path.rfind('/');
  if (std::string_view(made.path).substr(slash + 1).starts_with(reference)) {
    json::value last = json::string(made.path.substr(slash + 1));
    resolve_text(last, ids, whole);
    made.path = made.path.substr(0, slash + 1) + std::string(last.get_string());
  }
  if (!whole) return std::nullopt;
  return made;
}

}  // namespace gatehouse::admin
