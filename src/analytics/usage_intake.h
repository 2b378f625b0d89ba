// SPDX-License-Identifier: Apache-2.0
//
// Takes the usage that gateways send: POST /internal/data/v1/usage, on a public listener behind a
// keymanager/node_door.h only.
//
//   {"node":"gw-1","sequence":7,"rows":[{"minute_ms","tenant","api_id","resource","application_id",
//    "key_type","status_class","fault_code","count","request_bytes","response_bytes",
//    "latency":[32],"backend_latency":[32]}]}
//   204  stored, or stored before: a batch with a sequence of this node that was seen already
//   400  not such a batch
//
// Sequences belong to the name that a node has proved (http::name_of), so no gateway can make the
// next batches of another one look as if they were stored. Rows name no environment: an API is
// known to gateways of its environments only, and calls that it had there are told when it has
// left.
//
// A row that cannot be read is left out and logged: refusing the batch would only bring it again.
//
// Thread:  handle on pool threads.
#pragma once

#include "http/handler.h"
#include "storage/apis/usage_store.h"

namespace gatehouse::analytics {

class UsageIntake final : public http::Handler {
 public:
  static constexpr std::size_t rows_max = 50'000;

  explicit UsageIntake(storage::Database& api_manager) : api_manager_(api_manager) {}

  http::Response handle(const http::Request& request) override;

 private:
  // `node`: whose sequence it is; empty: it says none.
  Result<> store(const std::string& node, const json::object& batch);

  storage::Database& api_manager_;
};

}  // namespace gatehouse::analytics
