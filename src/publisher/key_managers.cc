// SPDX-License-Identifier: Apache-2.0
//
// /key-managers: whose tokens an API may choose to take.
#include "publisher/publisher.h"
#include "storage/apis/key_manager_store.h"

namespace gatehouse::publisher {

namespace {

using storage::KeyManagerRow;
using storage::Transaction;

json::object info_of(const KeyManagerRow& row) {
  json::object info;
  info["id"] = row.id;
  info["name"] = row.name;
  info["displayName"] = text_or(row.document, "displayName", row.name);
  info["type"] = text_or(row.document, "type", "");
  info["description"] = text_or(row.document, "description", "");
  info["enabled"] = row.enabled;
  return info;
}

json::object resident_info() {
  KeyManagerRow row;
  row.id = row.name = model::resident_key_manager;
  row.document = json::object{{"type", "default"},
                              {"description", "The key manager that comes with the server"}};
  return info_of(row);
}

}  // namespace

// GET /key-managers: our own first, then by name, with those that are everybody's.
Result<rest::Reply> Publisher::list_key_managers(const rest::Call& call) {
  GH_TRY(rows, api_manager_.read([&](Transaction& transaction) {
    return storage::KeyManagerStore(transaction, call.caller.tenant).list_usable();
  }));
  json::array list{resident_info()};
  for (const KeyManagerRow& row : rows) list.push_back(info_of(row));
  return rest::ok(rest::list_of(std::move(list)));
}

}  // namespace gatehouse::publisher
