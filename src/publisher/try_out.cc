// SPDX-License-Identifier: Apache-2.0
//
// /apis/{apiId}/generate-key.
#include "publisher/publisher.h"

namespace gatehouse::publisher {

// POST /apis/{apiId}/generate-key: a key for the header Internal-Key that opens this API alone, for
// a minute, without a subscription and before it is published; a revision must be deployed.
Result<rest::Reply> Publisher::generate_key(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  if (!options_.issue_try_out_key) {
    return fail(ErrorCode::unavailable, "No key manager of this process gives such keys");
  }
  GH_TRY(key, options_.issue_try_out_key(api.id, call.caller.user_id));
  json::object answer;
  answer["apikey"] = key;
  answer["validityTime"] = try_out_seconds;
  return rest::ok(std::move(answer));
}

}  // namespace gatehouse::publisher
