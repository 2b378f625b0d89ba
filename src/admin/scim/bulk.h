// SPDX-License-Identifier: Apache-2.0
//
// What a SCIM bulk request asks for, and in which order it can be done: an operation whose data or
// path names what another one makes ("bulkId:qwerty") waits for that one.
//
// Thread:  plain values; one request's.
// Source:  RFC 7644, section 3.7.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/json.h"

namespace gatehouse::admin {

inline constexpr std::size_t bulk_operations_max = 200;
inline constexpr std::size_t bulk_bytes_max = 1'048'576;

inline constexpr std::string_view bulk_request_schema =
    "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
inline constexpr std::string_view bulk_response_schema =
    "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

struct BulkOperation {
  std::string method;  // in upper case
  std::string bulk_id;
  std::string version;  // as If-Match
  std::string path;     // "/Users", "/Groups/ID"
  json::object data;
};

struct BulkRequest {
  std::vector<BulkOperation> operations;
  std::int64_t errors_max = 0;  // after so many nothing more is done; 0: all of it
};

// Error: invalid_argument with `detail` the SCIM type; exhausted with "413", when there are too
// many.
Result<BulkRequest> bulk_request_from(const json::object& body);

// The ids of what has been made, by bulk id.
using BulkIds = std::map<std::string, std::string>;

// The operation with ids in the place of references. Nothing, while one of them is not known.
std::optional<BulkOperation> resolved(const BulkOperation& operation, const BulkIds& ids);

}  // namespace gatehouse::admin
