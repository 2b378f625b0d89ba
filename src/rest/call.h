// SPDX-License-Identifier: Apache-2.0
//
// One REST request after routing, authentication and validation, and what a handler answers.
//
// Thread:  a handler runs on a pool thread and may block.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "http/message.h"
#include "model/change.h"

namespace gatehouse::rest {

// Who calls: the key manager's word for it. Anonymous where the operation allows that.
struct Caller {
  model::TenantNumber tenant = model::first_tenant;
  std::string tenant_domain;
  std::string user_id;  // immutable; empty when anonymous
  std::string user;
  std::vector<std::string> roles;
  std::vector<std::string> scopes;  // of the token, within what the roles allow now

  bool anonymous() const { return user_id.empty(); }
  bool has_role(std::string_view role) const;
  bool has_scope(std::string_view scope) const;
};

// A window of a list: `offset` items are skipped, at most `limit` are sent.
struct Page {
  std::int64_t offset = 0;
  std::int64_t limit = 25;
};
inline constexpr std::int64_t page_limit_max = 1000;

// A part of a multipart/form-data body.
struct Part {
  std::string name;
  std::string file_name;
  std::string media_type;
  std::string bytes;
};

struct Call {
  const Caller& caller;
  const http::Request& request;
  std::map<std::string, std::string, std::less<>> path;   // {apiId} → value, decoded
  std::map<std::string, std::string, std::less<>> query;  // decoded, validated, with defaults
  json::value body;         // validated against the operation's schema; null without one
  std::vector<Part> parts;  // of a multipart body
  std::string resource;     // the path below the API's base path: "/apis/7/revisions"

  const std::string& path_value(std::string_view name) const;  // the router guarantees it
  std::string query_or(std::string_view name, std::string_view fallback) const;
  const json::object& object() const { return body.as_object(); }
  Page page() const;  // from limit and offset; a limit above page_limit_max is lowered to it
  // The multipart part of this name, or null.
  const Part* part(std::string_view name) const;
};

struct Reply {
  int status = 200;
  json::value body;  // not sent when `bytes` is set or the status is 204
  http::Headers headers;
  std::optional<std::string> bytes;  // a body that is not JSON, with its Content-Type in `headers`
};

Reply ok(json::value body);
// `location` is relative to the API's base path: "/apis/7".
Reply created(json::value body, std::string location);
Reply no_content();
Reply bytes(std::string media_type, std::string bytes);

// {count, list}: a list that is short enough to be sent whole.
json::object list_of(json::array list);
// {count, list, pagination{offset, limit, total, next, previous}}: the shape of every list. `next`
// and `previous` are links relative to the API's base path, or empty.
json::object page_of(json::array list, std::int64_t total, const Call& call);

}  // namespace gatehouse::rest
