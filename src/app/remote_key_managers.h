// SPDX-License-Identifier: Apache-2.0
//
// The key managers of other machines, as the workers of this node's gateway ask them.
//
// Thread:  opened by the main thread; client: any, each client belongs to its loop.
#pragma once

#include <memory>
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

  std::unique_ptr<http::Client> client(net::Loop& loop) const;

 private:
  RemoteKeyManagers(net::Pool& files, std::string authorization)
      : files_(&files), authorization_(std::move(authorization)) {}

  net::Pool* files_;
  std::string authorization_;             // empty: by certificate
  std::vector<http::Origin> origins_;     // for questions of ours
  std::vector<http::Origin> for_others_;  // where nothing says that the connection is ours
};

}  // namespace gatehouse::app
