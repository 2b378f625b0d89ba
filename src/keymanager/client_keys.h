// SPDX-License-Identifier: Apache-2.0
//
// The public keys of clients: those that a client registered, or those that its `jwks_uri` serves.
//
// Fetched keys serve for `fresh`, and for `stale_max` while their server does not answer. When they
// lack the wanted one, which a client may have made since, they are read again, once in `interval`
// at most for each address. After failures an address is left alone, each time for twice as long.
//
// Thread:  pool threads; blocks for `deadline` at most. Of one address one thread asks and the
//          others wait; `blocked_max` threads do either, so that silent servers of some clients
//          leave room for the others.
// Memory:  at most `entries_max` addresses, `body_bytes_max` each.
// Source:  RFC 7591 section 2 (jwks, jwks_uri), RFC 7517, RFC 8705 section 2.2.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "http/fetcher.h"
#include "jose/key_set.h"
#include "keymanager/options.h"
#include "storage/apis/client_store.h"

namespace gatehouse::keymanager {

struct ClientKeySet {
  jose::KeySet keys;                      // for signatures
  std::vector<std::string> certificates;  // DER; the first `x5c` of each key that has one
};

// Keys that cannot be used are left out. Error: invalid_argument, when it is no key set.
Result<ClientKeySet> client_key_set_from(const json::object& jwks);

class ClientKeys {
 public:
  static constexpr std::chrono::milliseconds deadline{2'000};
  static constexpr std::chrono::minutes fresh{15};
  static constexpr std::chrono::hours stale_max{6};
  static constexpr std::chrono::seconds interval{30};
  static constexpr std::chrono::seconds rest_max{600};
  static constexpr int blocked_max = 3;
  static constexpr std::size_t entries_max = 500;
  static constexpr std::size_t body_bytes_max = 64 * 1024;

  using Wanted = std::function<bool(const ClientKeySet&)>;

  explicit ClientKeys(const Resources& resources, std::chrono::milliseconds longest = deadline)
      : fetcher_(resources.fetcher), clock_(resources.clock), deadline_(longest) {}

  // The client's keys, with what is wanted among them. Error: not_found, when it is not there or
  // cannot be read; unavailable, when too many servers keep us waiting.
  Result<std::shared_ptr<const ClientKeySet>> find(const storage::Client& client,
                                                   const Wanted& wanted) {
    return find(client.document, wanted);
  }
  // The same for whatever else registers `jwks` or `jwks_uri`: an issuer that is trusted.
  Result<std::shared_ptr<const ClientKeySet>> find(const json::object& registered,
                                                   const Wanted& wanted);

  std::size_t remembered();  // addresses
  int blocked();             // threads that ask or wait now

 private:
  using Shared = std::shared_ptr<const ClientKeySet>;

  struct Entry {
    Shared keys{};  // null: never read
    Instant read_at{};
    Instant next{};  // not asked before
    Instant used_at{};
    std::chrono::seconds rest{5};  // after the next failure
    bool running = false;
  };
  enum class Step : std::uint8_t { ask, wait, serve, refuse };

  Result<Shared> find_fetched(const std::string& url, const Wanted& wanted);
  // Under mutex_.
  Entry& entry_of(const std::string& url, Instant now);
  Step next_step(const Entry& entry, const Wanted& wanted, Instant now) const;
  void take(const std::string& url, const Result<Shared>& read, Instant now);
  Result<Shared> read(const std::string& url) const;

  http::Fetcher& fetcher_;
  const Clock& clock_;
  const std::chrono::milliseconds deadline_;
  std::mutex mutex_;
  std::condition_variable read_;
  std::map<std::string, Entry> entries_;  // by address; guarded by mutex_, as is the next
  int blocked_ = 0;
};

}  // namespace gatehouse::keymanager
