// SPDX-License-Identifier: Apache-2.0
//
// Finds the addresses of a host name off the loop, and remembers them for a few seconds. Equal
// questions at one time are asked once. An address in text form is its own answer.
//
// Thread:  one event loop; the question itself is asked on a pool.
// Memory:  at most `names_max` names are remembered.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "net/address.h"
#include "net/condition.h"
#include "net/loop.h"
#include "net/pool.h"

namespace gatehouse::net {

// Asks the system (hosts file, DNS) and blocks. IPv4 and IPv6 addresses in the system's order.
// Error: unavailable, when the name is unknown or no server answered.
Result<std::vector<Address>> look_up(const std::string& host);

class Resolver {
 public:
  using LookUp = std::function<Result<std::vector<Address>>(const std::string& host)>;

  static constexpr std::chrono::seconds remembered{5};
  static constexpr std::chrono::seconds failure_remembered{1};
  static constexpr std::size_t names_max = 1024;

  // `pool` outlives the resolver.
  Resolver(Loop& loop, Pool& pool, LookUp look_up_host = look_up);
  ~Resolver();

  // At least one endpoint. `host` lives until the task ends.
  // Error: unavailable, when there is none or the deadline passed first.
  Task<Result<std::vector<Endpoint>>> resolve(const std::string& host, std::uint16_t port,
                                              Tick deadline);

 private:
  struct Name;

  Name* find(const std::string& host);
  Task<> ask(const std::string& asked);

  Loop& loop_;
  Pool& pool_;
  LookUp look_up_;
  std::map<std::string, std::unique_ptr<Name>> names_;
  TaskGroup questions_;
};

}  // namespace gatehouse::net
