// SPDX-License-Identifier: Apache-2.0
//
// Speaks for a worker's lease table with the owners of limits, over the bus.
//
// Thread:  belongs to one event loop; owners' messages arrive on a thread of the bus and are
// posted.
#pragma once

#include <memory>
#include <string>

#include "bus/bus.h"
#include "limits/lease_table.h"
#include "net/condition.h"
#include "net/loop.h"

namespace gatehouse::gateway {

class LeaseClient {
 public:
  // `holder` names this worker among all of all gateways; everything given outlives the client.
  LeaseClient(net::Loop& loop, bus::Bus& bus, limits::LeaseTable& leases, std::string holder);
  LeaseClient(const LeaseClient&) = delete;
  LeaseClient& operator=(const LeaseClient&) = delete;

  // After `unknown`: true when the owners have answered, take again; false when `deadline` passed
  // first: the request waits no more and holds nothing. `permit` lives until the task ends.
  net::Task<bool> wait(limits::Permit& permit, Tick deadline);

  // What the table has to say goes out later in this turn, together.
  void speak();

 private:
  net::Task<> send();

  net::Loop& loop_;
  bus::Bus& bus_;
  limits::LeaseTable& leases_;
  bool sending_ = false;
  net::TaskGroup tasks_;
  std::unique_ptr<bus::Subscription> answers_;  // last: its listener posts to all of the above
};

}  // namespace gatehouse::gateway
