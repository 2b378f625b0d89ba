// SPDX-License-Identifier: Apache-2.0
//
// The key managers of other machines, as the workers of this node's gateway ask them.
//
// Thread:  opened and reloaded by the main thread; client: any, each client belongs to its loop.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/configuration.h"
#include "http/client.h"
#include "http/upstream.h"
#include "net/pool.h"

namespace gatehouse::app {

class RemoteKeyManagers {
 public:
  // Nothing when gateway.key_manager names the one of this process. `files` resolves names.
  // This node proves itself by cluster.certificate if that is set, and then by nothing else.
  // Error: invalid_argument, naming the key, for a broken URL or file, or when neither
  // cluster.certificate nor cluster.secret_file is set.
  static Result<std::optional<RemoteKeyManagers>> open(const Configuration& configuration,
                                                       net::Pool& files);

  // Outlived by this.
  std::unique_ptr<http::Client> client(net::Loop& loop) const;

  // Reads cluster.ca, cluster.certificate and cluster.key again. What is asked from now on goes on
  // new connections; what is under way ends on the old ones.
  // Error: invalid_argument, naming the file; then all stays as it was.
  Result<> reload(const Configuration& configuration);

 private:
  class Asker;
  // The same URLs twice, and how each of them is spoken to.
  struct Origins {
    std::vector<http::Origin> questions;
    std::vector<http::Origin> for_others;  // where nothing says that the connection is ours
  };
  // What every loop asks, and the main thread replaces.
  class Present {
   public:
    std::shared_ptr<const Origins> get() const;
    void set(Origins origins);

   private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Origins> origins_;
  };

  RemoteKeyManagers(net::Pool& files, std::vector<std::string> urls, std::string authorization)
      : files_(&files), urls_(std::move(urls)), authorization_(std::move(authorization)) {}

  net::Pool* files_;
  std::vector<std::string> urls_;
  std::string authorization_;  // empty: by certificate
  std::unique_ptr<Present> present_ = std::make_unique<Present>();
};

}  // namespace gatehouse::app
