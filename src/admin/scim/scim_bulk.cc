// SPDX-License-Identifier: Apache-2.0
//
// /scim2/Bulk: many operations on users and groups in one request, each as if it came alone.
#include "admin/scim/bulk.h"
#include "admin/scim/scim.h"
#include "core/text.h"

namespace gatehouse::admin {

namespace {

// What became of an operation. Source: RFC 7644, section 3.7.3.
json::object outcome_of(const BulkOperation& operation, const http::Response& response,
                        std::string_view base) {
  json::object outcome{{"method", operation.method}, {"status", std::to_string(response.status)}};
  if (!operation.bulk_id.empty()) outcome["bulkId"] = operation.bulk_id;
  for (const char* header : {"Location", "Content-Location"}) {
    const std::string_view location = response.headers.value_or(header, "");
    if (!location.empty()) outcome["location"] = location;
  }
  if (const auto version = response.headers.value_or("ETag", ""); !version.empty()) {
    outcome["version"] = version;
  }
  if (operation.method != "POST" && !outcome.contains("location")) {
    outcome["location"] = fmt::format("{}{}", base, operation.path);
  }
  if (response.status < 300) return outcome;
  const Result<json::object> problem = parse_json_object(response.body);
  outcome["response"] = problem ? *problem : json::object();
  return outcome;
}

std::string id_in(const http::Response& response) {
  const Result<json::object> resource = parse_json_object(response.body);
  return resource ? text_or(*resource, "id", "") : "";
}

}  // namespace

// In the order of the request but for operations that wait for what a later one makes. Those that
// wait for each other, or for what could not be made, are conflicts.
Scim::Answer Scim::bulk(const Call& call) {
  if (call.request.body.size() > bulk_bytes_max) {
    return fail(ErrorCode::exhausted, fmt::format("A request has at most {} bytes", bulk_bytes_max),
                "413");
  }
  GH_TRY(wanted, bulk_request_from(call.body));
  BulkIds ids;
  json::array outcomes;
  std::int64_t errors = 0;
  const auto enough = [&] { return wanted.errors_max > 0 && errors >= wanted.errors_max; };
  const auto note = [&](const BulkOperation& operation, const http::Response& response) {
    if (response.status >= 300) ++errors;
    outcomes.push_back(outcome_of(operation, response, call.base));
  };
  std::vector<BulkOperation> waiting = std::move(wanted.operations);
  for (bool progress = true; progress && !waiting.empty() && !enough();) {
    progress = false;
    std::vector<BulkOperation> still;
    for (BulkOperation& operation : waiting) {
      if (enough()) break;
      const std::optional<BulkOperation> ready = resolved(operation, ids);
      if (!ready) {
        still.push_back(std::move(operation));
        continue;
      }
      progress = true;
      const http::Response response = perform(call, *ready);
      if (response.status == 201) ids[ready->bulk_id] = id_in(response);
      note(*ready, response);
    }
    waiting = std::move(still);
  }
  for (const BulkOperation& operation : waiting) {
    if (enough()) break;
    note(operation,
         scim_problem(Error{ErrorCode::conflict, "It names what is not made by this request",
                            "invalidValue"}));
  }
  return scim_response(200, {{"schemas", json::array{json::value(bulk_response_schema)}},
                             {"Operations", std::move(outcomes)}});
}

http::Response Scim::perform(const Call& call, const BulkOperation& operation) {
  http::Request request = http::make_request(
      operation.method, operation.path, json::serialize(operation.data), "application/scim+json");
  if (!operation.version.empty()) request.headers.add("If-Match", operation.version);
  const std::size_t slash = operation.path.find('/', 1);
  Call each{request, call.caller, call.base, "", operation.data, {}};
  if (slash != std::string::npos) each.id = operation.path.substr(slash + 1);
  const Answer made = route(each, std::string_view(operation.path).substr(1, slash - 1));
  return made ? *made : scim_problem(made.error());
}

}  // namespace gatehouse::admin
