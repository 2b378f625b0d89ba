// SPDX-License-Identifier: Apache-2.0
//
// Which API serves a path: the one with the longest context that the path begins with, by whole
// segments. Hosts make no difference yet.
//
// Thread:  as PersistentTable.
// Cost:    find hashes the path once and looks up at most `segments()` prefixes, however many APIs
//          there are; it allocates nothing.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/api.h"
#include "gateway/persistent_table.h"

namespace gatehouse::gateway {

class RouteTable {
 public:
  struct Found {
    const Api* api = nullptr;
    std::size_t context_size = 0;  // what follows in the path chooses the operation
  };

  // `api` is null when no context fits.
  Found find(std::string_view path) const;

  // Puts every context of `api` here. One that belonged to another API goes over to this one.
  void add(Edit edit, const std::shared_ptr<const Api>& api);
  // Takes away those contexts that still belong to `api`.
  void remove(Edit edit, const Api& api);

  std::size_t size() const { return routes_.size(); }

 private:
  struct Route {
    std::string context;
    std::shared_ptr<const Api> api;
  };
  static constexpr std::size_t segments_max = 32;

  PersistentTable<Route> routes_;
  std::size_t segments_ = 0;  // of the longest context that was ever here
};

}  // namespace gatehouse::gateway
