// SPDX-License-Identifier: Apache-2.0
//
// Revisions of APIs, immutable once made: table am_revision.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct RevisionRow {
  std::string id;
  std::string api_id;
  std::int64_t number = 0;  // counts from 1 for each API and is never used again
  std::string description;
  json::object document;  // the API as it was
  std::string definition_hash;
  std::string created_by;  // user id
  Instant created_at{};
};

class RevisionStore {
 public:
  RevisionStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Error: not_found (900347), also when the revision belongs to another API.
  Result<RevisionRow> find(std::string_view api_id, std::string_view id) const;
  Result<RevisionRow> find_by_number(std::string_view api_id, std::int64_t number) const;
  // All of an API, by number; publisher::revisions_max bounds them.
  Result<std::vector<RevisionRow>> list(std::string_view api_id) const;

  Result<> insert(const RevisionRow& revision);
  Result<> remove(std::string_view api_id, std::string_view id);
  Result<> remove_all(std::string_view api_id);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
