// SPDX-License-Identifier: Apache-2.0
//
// Where the configuration says that the databases of this node are.
//
// Thread:  pure functions.
#pragma once

#include "app/configuration.h"
#include "storage/databases.h"

namespace gatehouse::app {

// Without on_change.
storage::DatabaseOptions database_options(const Configuration& configuration);

}  // namespace gatehouse::app
