// SPDX-License-Identifier: Apache-2.0
#include "rest/call.h"

#include <fmt/format.h>

#include "core/text.h"

namespace gatehouse::rest {

namespace {

bool contains(const std::vector<std::string>& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// The same list at another offset: every other query parameter stays.
std::string link(const Call& call, const Page& page, std::int64_t offset) {
  std::string text = fmt::format("{}?limit={}&offset={}", call.resource, page.limit, offset);
  for (const auto& [name, value] : call.query) {
    if (name == "limit" || name == "offset") continue;
    text += fmt::format("&{}={}", percent_encode(name), percent_encode(value));
  }
  return text;
}

}  // namespace

bool Caller::has_role(std::string_view role) const { return contains(roles, role); }
bool Caller::has_scope(std::string_view scope) const { return contains(scopes, scope); }

const std::string& Call::path_value(std::string_view name) const {
  const auto found = path.find(name);
  GH_ASSERT(found != path.end());
  return found->second;
}

std::string Call::query_or(std::string_view name, std::string_view fallback) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string(fallback) : found->second;
}

Page Call::page() const {
  const Page standard;
  const auto limit = parse_number(query_or("limit", ""));
  const auto offset = parse_number(query_or("offset", ""));
  return {offset ? static_cast<std::int64_t>(std::min<std::uint64_t>(*offset, INT64_MAX))
                 : standard.offset,
          limit ? static_cast<std::int64_t>(std::min<std::uint64_t>(*limit, page_limit_max))
                : standard.limit};
}

const Part* Call::part(std::string_view name) const {
  const auto found =
      std::find_if(parts.begin(), parts.end(), [&](const Part& part) { return part.name == name; });
  return found == parts.end() ? nullptr : &*found;
}

Reply ok(json::value body) {
  Reply reply;
  reply.body = std::move(body);
  return reply;
}

Reply created(json::value body, std::string location) {
  Reply reply = ok(std::move(body));
  reply.status = 201;
  reply.headers.set("Location", std::move(location));
  return reply;
}

Reply no_content() {
  Reply reply;
  reply.status = 204;
  return reply;
}

Reply bytes(std::string media_type, std::string bytes) {
  Reply reply;
  reply.headers.set("Content-Type", std::move(media_type));
  reply.bytes = std::move(bytes);
  return reply;
}

json::object list_of(json::array list) {
  json::object object;
  object["count"] = list.size();
  object["list"] = std::move(list);
  return object;
}

json::object page_of(json::array list, std::int64_t total, const Call& call) {
  const Page page = call.page();
  const bool more = page.limit > 0 && total - page.offset > page.limit;
  const bool before = page.limit > 0 && page.offset > 0;
  json::object pagination;
  pagination["offset"] = page.offset;
  pagination["limit"] = page.limit;
  pagination["total"] = total;
  pagination["next"] = more ? link(call, page, page.offset + page.limit) : "";
  pagination["previous"] =
      before ? link(call, page, std::max<std::int64_t>(0, page.offset - page.limit)) : "";
  json::object object = list_of(std::move(list));
  object["pagination"] = std::move(pagination);
  return object;
}

}  // namespace gatehouse::rest
