// SPDX-License-Identifier: Apache-2.0
//
// The gateway's REST API on the port of the control plane: what the gateway of this node knows, as
// the feed told it, for administrators.
//
// Thread:  handlers run on pool threads.
#pragma once

#include <functional>
#include <memory>

#include "gateway/snapshot.h"
#include "rest/router.h"

namespace gatehouse::app {

class GatewayInspection {
 public:
  // `snapshot`: what the gateway serves now, null before it serves.
  using Read = std::function<std::shared_ptr<const gateway::Snapshot>()>;

  explicit GatewayInspection(Read snapshot) : snapshot_(std::move(snapshot)) {}

  void mount(rest::Router& router);

 private:
  // A query parameter, and the member of a thing that must equal it.
  struct Filter {
    std::string_view parameter;
    std::string_view member;
  };

  Result<rest::Reply> health(const rest::Call& call);
  Result<rest::Reply> list_apis(const rest::Call& call);
  Result<rest::Reply> list_applications(const rest::Call& call);
  Result<rest::Reply> list_subscriptions(const rest::Call& call);
  rest::Reply list(const rest::Call& call, std::string_view kind,
                   const std::vector<Filter>& filters) const;

  const Read snapshot_;
};

}  // namespace gatehouse::app
