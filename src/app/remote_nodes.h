// SPDX-License-Identifier: Apache-2.0
//
// Equal nodes of other machines, as a role of this one asks them: the key managers or the control
// planes of a gateway, the key managers of portals.
//
// A node proves itself by cluster.certificate if that is set, and then by nothing else; without it,
// by a credential (app/node_credentials.h).
//
// Thread:  opened and reloaded by the main thread; client: any, each client belongs to its loop.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/configuration.h"
#include "http/session_client.h"
#include "http/upstream.h"
#include "net/pool.h"

namespace gatehouse::app {

class RemoteNodes {
 public:
  struct Wanted {
    std::string key;  // of the configuration, which errors name
    std::vector<std::string> urls;
    // The value of Authorization; empty: by certificate.
    std::function<Result<std::string>(const Configuration&)> proof;
    http::SessionClient::Patience patience = http::SessionClient::Patience::part;
    std::uint64_t body_bytes_max = 64 * 1024 * 1024;  // of an answer
  };

  // Error: invalid_argument, naming the key, for a broken URL or file.
  static Result<std::unique_ptr<RemoteNodes>> open(const Configuration& configuration,
                                                   Wanted wanted);

  // Outlived by this. `names` resolves the names of the URLs.
  std::unique_ptr<http::Client> client(net::Loop& loop, net::Pool& names) const;

  // Reads cluster.ca, cluster.certificate and cluster.key, or the credential, again. What is asked
  // from now on goes on new connections; what is under way ends on the old ones.
  // Error: invalid_argument, naming the file; then all stays as it was.
  Result<> reload(const Configuration& configuration);

 private:
  friend class RemoteAsker;
  class Asker;
  // The same URLs twice, and how each of them is spoken to.
  struct Origins {
    std::vector<http::Origin> questions;
    std::vector<http::Origin> for_others;  // where nothing says that the connection is ours
    std::string authorization;             // of questions
  };

  explicit RemoteNodes(Wanted wanted) : wanted_(std::move(wanted)) {}
  std::unique_ptr<Asker> asker(net::Loop& loop, net::Pool& names) const;
  std::shared_ptr<const Origins> present() const;

  const Wanted wanted_;

  mutable std::mutex mutex_;
  std::shared_ptr<const Origins> present_;  // guarded by mutex_
};

// A client of remote nodes for threads that block, with a loop and a thread of its own.
class RemoteAsker {
 public:
  // `nodes` outlives it.
  explicit RemoteAsker(const RemoteNodes& nodes);
  ~RemoteAsker();
  RemoteAsker(const RemoteAsker&) = delete;
  RemoteAsker& operator=(const RemoteAsker&) = delete;

  http::Client& client();
  // What is still being asked then fails, and later questions fail at once.
  void stop_after(std::chrono::milliseconds time);

 private:
  net::Task<> stop_later(std::chrono::milliseconds time);

  net::Pool names_;
  net::Loop loop_;
  std::unique_ptr<RemoteNodes::Asker> asker_;
  net::TaskGroup tasks_;
  std::thread thread_;
};

}  // namespace gatehouse::app
