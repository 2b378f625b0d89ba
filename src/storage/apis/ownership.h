// SPDX-License-Identifier: Apache-2.0
//
// What a user of one tenant owns in api_manager, for the day on which the user goes: APIs,
// applications and OAuth clients. Names are copied into documents and search terms; a user who is
// removed leaves no name behind, only an id that no longer leads anywhere.
//
// Thread:  one transaction; changes are appended for gateways.
#pragma once

#include "storage/apis/api_store.h"
#include "storage/apis/application_store.h"

namespace gatehouse::storage {

struct Owner {
  std::string id;
  std::string name;
};

class Ownership {
 public:
  Ownership(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Names of the APIs, and of the applications that subscribe to APIs; at most `limit` of each.
  struct InUse {
    std::vector<std::string> apis;
    std::vector<std::string> applications;
  };
  Result<InUse> in_use(const std::string& owner_id, std::int64_t limit) const;

  // Every application, in the order of names.
  Result<std::vector<ApplicationRow>> applications_of(const std::string& owner_id) const;
  // OAuth clients that belong to no application.
  Result<std::vector<std::string>> free_clients_of(const std::string& owner_id) const;

  // The owner stays, under another name. What says it already is left as it is.
  Result<> rename(const Owner& owner, Instant now);

  Result<> pass_apis(const std::string& from_id, const Owner& to, Instant now);
  // An application whose name the new owner has already gets a number behind it. Returns it.
  Result<ApplicationRow> pass_application(ApplicationRow application, const Owner& to, Instant now);
  // The key manager's own rows of an application's client follow.
  Result<> pass_client(std::string_view client_id, const Owner& to);

 private:
  Result<> pass_api(ApiRow api, const Owner& to);
  Result<> pass_revisions(const std::string& api_id, const Owner& to);
  Result<> rename_in_search(const ApiRow& api, const std::string& before, const Owner& to);

  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
