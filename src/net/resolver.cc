// SPDX-License-Identifier: Apache-2.0
#include "net/resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <utility>

namespace gatehouse::net {

Result<std::vector<Address>> look_up(const std::string& host) {
  addrinfo wish{};
  wish.ai_family = AF_UNSPEC;
  wish.ai_socktype = SOCK_STREAM;
  wish.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int outcome = ::getaddrinfo(host.c_str(), nullptr, &wish, &found);
  if (outcome != 0) {
    return fail(ErrorCode::unavailable, "The host name is unknown",
                host + ": " + ::gai_strerror(outcome));
  }
  std::vector<Address> addresses;
  for (const addrinfo* entry = found; entry; entry = entry->ai_next) {
    addresses.push_back(Endpoint::from(*entry->ai_addr).address);
  }
  ::freeaddrinfo(found);
  return addresses;
}

struct Resolver::Name {
  explicit Name(Loop& loop) : answered(loop) {}

  Condition answered;
  bool asking = false;
  Tick forgotten{};  // the answer holds until then
  Result<std::vector<Address>> answer;
};

Resolver::Resolver(Loop& loop, Pool& pool, LookUp look_up_host)
    : loop_(loop), pool_(pool), look_up_(std::move(look_up_host)) {}

Resolver::~Resolver() = default;

Task<Result<std::vector<Endpoint>>> Resolver::resolve(const std::string& host, std::uint16_t port,
                                                      Tick deadline) {
  if (const Result<Address> literal = Address::parse(host)) {
    co_return std::vector<Endpoint>{{*literal, port}};
  }
  for (;;) {
    Name* name = find(host);
    if (!name) {
      co_return fail(ErrorCode::exhausted, "Too many host names are being looked up", host);
    }
    if (!name->asking && name->forgotten > loop_.tick()) {
      if (!name->answer) co_return tl::unexpected<Error>(name->answer.error());
      std::vector<Endpoint> endpoints;
      for (const Address& address : *name->answer) endpoints.push_back({address, port});
      co_return endpoints;
    }
    if (!name->asking) questions_.spawn(ask(host));
    if (!name->asking) continue;  // a full pool answers at once
    const bool told = co_await name->answered.wait_until(deadline);
    if (!told)
      co_return fail(ErrorCode::unavailable, "Looking up the host name took too long", host);
  }
}

// The entry of `host`, made if there is none; null when every place is being asked for.
Resolver::Name* Resolver::find(const std::string& host) {
  if (const auto entry = names_.find(host); entry != names_.end()) return entry->second.get();
  if (names_.size() >= names_max) {
    std::erase_if(names_, [](const auto& entry) { return !entry.second->asking; });
  }
  if (names_.size() >= names_max) return nullptr;
  return names_.emplace(host, std::make_unique<Name>(loop_)).first->second.get();
}

// An entry that is being asked for stays, so the references into it hold.
Task<> Resolver::ask(const std::string& asked) {
  const auto entry = names_.find(asked);
  Name& name = *entry->second;
  name.asking = true;
  const auto work = [look_up_host = look_up_, host = entry->first] { return look_up_host(host); };
  Result<std::vector<Address>> answer = co_await pool_.run(loop_, work);
  if (answer && answer->empty()) {
    answer = fail(ErrorCode::unavailable, "The host name has no address", entry->first);
  }
  name.asking = false;
  name.forgotten = loop_.tick() + (answer ? remembered : failure_remembered);
  name.answer = std::move(answer);
  name.answered.notify_all();
}

}  // namespace gatehouse::net
