// SPDX-License-Identifier: Apache-2.0
//
// /search: what the publisher finds by words.
#include "publisher/publisher.h"

namespace gatehouse::publisher {

// GET /search?query: APIs that the caller may see here; the entries of /apis, each with its kind.
Result<rest::Reply> Publisher::search(const rest::Call& call) {
  storage::ApiQuery query = storage::parse_api_query(call.query_or("query", ""));
  query.audience = editor_audience(call.caller);
  const rest::Page page = call.page();
  GH_TRY(listed, api_manager_.read([&](storage::Transaction& transaction) {
    return storage::ApiStore(transaction, call.caller.tenant)
        .list(query, storage::Window{page.offset, page.limit});
  }));
  json::array list;
  for (const storage::ApiRow& api : listed.items) {
    json::object entry = api_entry(api);
    entry["transportType"] = text_or(api.document, "type", "HTTP");
    entry["type"] = "API";
    entry["status"] = api.state;
    list.push_back(std::move(entry));
  }
  return rest::ok(rest::page_of(std::move(list), listed.total, call));
}

}  // namespace gatehouse::publisher
