// SPDX-License-Identifier: Apache-2.0
//
// How the REST API shows a deployment.
//
// Thread:  pure function.
#pragma once

#include "core/json.h"
#include "storage/apis/deployment_store.h"

namespace gatehouse::publisher {

json::object deployment_view(const storage::DeploymentRow& deployment);

}  // namespace gatehouse::publisher
