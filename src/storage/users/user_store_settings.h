// SPDX-License-Identifier: Apache-2.0
//
// Directories of one tenant whose users may log in, and which of our users a person of one is:
// tables um_user_store and um_user_link.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct UserStoreRow {
  std::string id;
  std::string name;
  json::object document;  // the REST resource without its password
  std::string sealed;     // the password of the directory's account, under the cluster key
  std::int64_t version = 0;
  Instant created_at{};
};

// A person as a directory knows them.
struct ExternalId {
  std::string store_id;
  std::string value;  // immutable in that directory
};

struct LinkedUser {
  std::string external_id;
  std::string user_id;
};

class UserStoreSettings {
 public:
  UserStoreSettings(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Error: not_found (909015).
  Result<UserStoreRow> find(std::string_view id) const;
  // In the order of their names, which is the order in which they are asked.
  Result<std::vector<UserStoreRow>> list() const;

  // Error: conflict (909016), when one has this name.
  Result<> insert(const UserStoreRow& row);
  // Writes document and sealed. Error: conflict, when `version` is not the row's.
  Result<> update(const UserStoreRow& row);
  // The users that came from it stay, without a way to log in.
  Result<> remove(std::string_view id);

  Result<std::optional<std::string>> user_of(const ExternalId& person) const;
  Result<> link(const ExternalId& person, std::string_view user_id);
  // Whether the user came from a directory.
  Result<bool> is_linked(std::string_view user_id) const;
  // Users of a directory whose external ids follow that of `after`, in their order.
  Result<std::vector<LinkedUser>> linked(const ExternalId& after, std::size_t limit) const;
  Result<> unlink(std::string_view user_id);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
