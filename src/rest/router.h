// SPDX-License-Identifier: Apache-2.0
//
// Serves one REST API from its OpenAPI document: paths, scopes, parameters and body schemas are
// read there and nowhere else; modules bind a handler to each operationId. A document's operation
// without a handler, or a handler without an operation, stops the start.
//
// A request passes: path and verb (404, 405) → authentication (401) → scope (403) → Accept (406) →
// parameters and body (415, 400 with the JSON path that is wrong) → handler → problem or reply.
// An answer that hangs on a change says its number in `Gatehouse-Change`.
//
// Thread:  built at start; then read by any pool thread.
// Cost:    one walk over the path segments per request.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/client.h"
#include "http/handler.h"
#include "rest/call.h"
#include "rest/problem.h"

namespace gatehouse::rest {

using Handle = std::function<Result<Reply>(const Call&)>;

struct RouterOptions {
  std::vector<std::string> base_paths;  // "/api/am/publisher/v4", then aliases
  std::string_view openapi_json;        // the embedded document, as JSON
  std::string_view openapi_yaml;        // the same as served at <base path>/openapi.yaml
  // Called before the answer of every operation but GET and HEAD, and of those too when they
  // changed something, with the number of the change or 0: the place to wait for the gateway.
  std::function<void(std::uint64_t change)> after_write;
};

class Router final : public http::Handler {
 public:
  // `key_manager` says who a caller is (POST /internal/keys/v1/authenticate).
  Router(RouterOptions options, http::Client& key_manager);
  ~Router() override;

  template <typename Module>
  void on(std::string operation_id, Module* module, Result<Reply> (Module::*method)(const Call&)) {
    bind(std::move(operation_id),
         [module, method](const Call& call) { return (module->*method)(call); });
  }
  void bind(std::string operation_id, Handle handle);

  // Error: internal, naming operations without handler and handlers without operation.
  Result<> check() const;

  http::Response handle(const http::Request& request) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::rest
