// SPDX-License-Identifier: Apache-2.0
//
// APIs of one tenant: table am_api. Works inside its caller's transaction.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/api_query.h"
#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct ApiRow {
  std::string id;
  std::string provider_id;
  std::string name;
  std::string api_version;
  std::string context;       // "/pizza", or "/{version}/pizza"
  std::string full_context;  // "/pizza/1.0": what must be unique
  std::string state;         // "PUBLISHED", ...
  bool is_default_version = false;
  json::object document;        // the REST resource, secrets included
  std::string definition_hash;  // in the registry
  std::int64_t revisions_made = 0;
  std::int64_t version = 0;  // of the row
  Instant created_at{};
  Instant updated_at{};
};

class ApiStore {
 public:
  ApiStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Error: not_found (900308).
  Result<ApiRow> find(std::string_view id) const;
  // Every version of this name, without regard to case, oldest first.
  Result<std::vector<ApiRow>> versions_of(std::string_view name) const;
  // The APIs of a context, whatever their version, oldest first.
  Result<std::vector<ApiRow>> of_context(std::string_view context) const;
  // In the order of name, version and id.
  Result<Listed<ApiRow>> list(const ApiQuery& query, const Window& window) const;
  // Tags of the APIs that the query finds, each with the number of APIs, in order.
  struct Tag {
    std::string value;
    std::int64_t count = 0;
  };
  Result<Listed<Tag>> tags(const ApiQuery& query, const Window& window) const;

  // Error: conflict, when name and version or the full context are taken.
  Result<> insert(const ApiRow& api);
  // Writes everything but id and created_at. Error: conflict, when `version` is not the row's.
  Result<> update(const ApiRow& api);
  Result<> remove(std::string_view id);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
