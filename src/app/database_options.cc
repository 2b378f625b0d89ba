// SPDX-License-Identifier: Apache-2.0
#include "app/database_options.h"

#include "app/roles.h"

namespace gatehouse::app {

storage::DatabaseOptions database_options(const Configuration& configuration) {
  const DatabaseConfig& database = configuration.database;
  const std::string& password = database.password_file;
  const std::string& owner = database.owner_password_file;
  const bool has_registry = Roles::of(configuration.server.profile).keeps_registry();
  return {.data_dir = configuration.server.data_dir,
          .user_manager = database.user_manager,
          .api_manager = database.api_manager,
          .registry = has_registry ? database.registry : std::string(),
          .password_file = password.empty() ? password : configuration.path(password),
          .connections_max = static_cast<std::size_t>(database.connections_max),
          .owner = database.owner,
          .owner_password_file = owner.empty() ? owner : configuration.path(owner),
          .on_change = {}};
}

}  // namespace gatehouse::app
