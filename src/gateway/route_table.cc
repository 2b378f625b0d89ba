// SPDX-License-Identifier: Apache-2.0
#include "gateway/route_table.h"

#include <algorithm>
#include <array>

#include "core/log.h"
#include "gateway/hash.h"

namespace gatehouse::gateway {

namespace {

std::size_t segments_of(std::string_view context) {
  return static_cast<std::size_t>(std::count(context.begin(), context.end(), '/'));
}

}  // namespace

RouteTable::Found RouteTable::find(std::string_view path) const {
  struct Prefix {
    std::size_t size;
    std::uint64_t hash;
  };
  std::array<Prefix, segments_max> prefixes;
  std::size_t count = 0;
  TextHash hash;
  for (std::size_t i = 0; i < path.size() && count < segments_; ++i) {
    hash.add(path[i]);
    if (i + 1 == path.size() || path[i + 1] == '/') prefixes[count++] = {i + 1, hash.value()};
  }
  while (count-- > 0) {
    const std::string_view prefix = path.substr(0, prefixes[count].size);
    const Route* route = routes_.find(
        prefixes[count].hash, [prefix](const Route& there) { return there.context == prefix; });
    if (route != nullptr) return {route->api.get(), prefix.size()};
  }
  return {};
}

void RouteTable::add(Edit edit, const std::shared_ptr<const Api>& api) {
  for (const std::string& context : api->contexts()) {
    const std::size_t segments = segments_of(context);
    if (segments == 0 || segments > segments_max) {
      log_warning("API {}: its context cannot be served: {}", api->deployed.name, context);
      continue;
    }
    segments_ = std::max(segments_, segments);
    routes_.set(
        edit, hash_of(context), [&](const Route& there) { return there.context == context; },
        std::make_shared<const Route>(Route{context, api}));
  }
}

void RouteTable::remove(Edit edit, const Api& api) {
  for (const std::string& context : api.contexts()) {
    routes_.erase(edit, hash_of(context), [&](const Route& there) {
      return there.context == context && there.api->deployed.id == api.deployed.id;
    });
  }
}

}  // namespace gatehouse::gateway
