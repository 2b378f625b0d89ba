// SPDX-License-Identifier: Apache-2.0
//
// /search and /tags.
#include "devportal/api_view.h"
#include "devportal/devportal.h"

namespace gatehouse::devportal {

namespace {

storage::ApiQuery visible(const rest::Call& call) {
  storage::ApiQuery query = storage::parse_api_query(call.query_or("query", ""));
  query.audience = audience_of(call.caller);
  query.states.assign(catalogue_states.begin(), catalogue_states.end());
  return query;
}

}  // namespace

// GET /search?query: the entries of /apis, each with its kind.
Result<rest::Reply> DevPortal::search(const rest::Call& call) {
  const rest::Page page = call.page();
  const storage::ApiQuery query = visible(call);
  GH_TRY(listed, api_manager_.read([&](storage::Transaction& transaction) {
    return storage::ApiStore(transaction, call.caller.tenant)
        .list(query, storage::Window{page.offset, page.limit});
  }));
  json::array list;
  for (const storage::ApiRow& api : listed.items) {
    json::object entry = api_entry(api);
    entry["transportType"] = text_or(api.document, "type", "HTTP");
    entry["type"] = "API";
    list.push_back(std::move(entry));
  }
  return rest::ok(rest::page_of(std::move(list), listed.total, call));
}

// GET /tags: of the APIs that the caller may see, each with the number of these.
Result<rest::Reply> DevPortal::list_tags(const rest::Call& call) {
  const rest::Page page = call.page();
  const storage::ApiQuery query = visible(call);
  GH_TRY(listed, api_manager_.read([&](storage::Transaction& transaction) {
    return storage::ApiStore(transaction, call.caller.tenant)
        .tags(query, storage::Window{page.offset, page.limit});
  }));
  json::array list;
  for (const storage::ApiStore::Tag& tag : listed.items) {
    list.push_back(json::object{{"value", tag.value}, {"count", tag.count}});
  }
  return rest::ok(rest::page_of(std::move(list), listed.total, call));
}

}  // namespace gatehouse::devportal
