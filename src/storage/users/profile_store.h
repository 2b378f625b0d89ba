// SPDX-License-Identifier: Apache-2.0
//
// What is known of the users of one tenant beyond what the server needs: table um_user_profile.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

class ProfileStore {
 public:
  ProfileStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Empty, when nothing is known.
  Result<json::object> of(std::string_view user_id) const;
  Result<> replace(std::string_view user_id, const json::object& document);
  Result<> remove(std::string_view user_id);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
