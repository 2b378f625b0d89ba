// SPDX-License-Identifier: Apache-2.0
//
// Parameters of authorization requests that clients have pushed: table am_pushed_request.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct PushedRequest {
  std::string hash;  // SHA-256 of the request_uri
  model::TenantNumber tenant = model::first_tenant;
  std::string client_id;
  std::string parameters;  // in the form of a query
  Instant expires_at{};
};

class PushedRequestStore {
 public:
  explicit PushedRequestStore(Transaction& transaction) : transaction_(transaction) {}

  Result<std::optional<PushedRequest>> find(std::string_view hash) const;
  Result<> insert(const PushedRequest& request);
  Result<> remove(std::string_view hash);
  Result<std::int64_t> remove_expired(Instant until, std::int64_t limit);

 private:
  Transaction& transaction_;
};

}  // namespace gatehouse::storage
