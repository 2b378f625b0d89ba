// SPDX-License-Identifier: Apache-2.0
//
// The walk of a new user against a running server: publish the pizza shop, subscribe, get a token,
// call it. Each step is printed with the curl command that does the same. A second walk finds what
// the first one made and goes on from there.
//
// Thread:  one; blocks.
#pragma once

#include <iosfwd>
#include <string>

#include "core/error.h"
#include "core/json.h"
#include "http/client.h"

namespace gatehouse::app {

struct SampleOptions {
  std::string server;   // "https://localhost:9443"
  std::string gateway;  // "https://localhost:8243"
  std::string backend;  // "http://127.0.0.1:9780", as the gateway sees it
  std::string user;
  std::string password;
};

class SampleWalk {
 public:
  // `server` and `gateway` ask at the addresses of the same name in `options`.
  SampleWalk(SampleOptions options, http::Client& server, http::Client& gateway, std::ostream& out)
      : options_(std::move(options)), server_(server), gateway_(gateway), out_(out) {}

  // Error: unavailable, when nobody answers; as the server says, when a step is refused.
  Result<> run();

 private:
  struct Call;

  Result<http::Response> send(const Call& call);
  Result<json::object> must(const Call& call, int status);
  Result<json::object> rest(std::string title, std::string method, std::string path,
                            json::value body, int status);

  Result<> sign_in();
  Result<std::string> publish();
  Result<std::string> application(const std::string& name, const std::string& policy);
  Result<> subscribe(const std::string& api, const std::string& application);
  Result<std::string> token(const std::string& application);
  Result<> invoke(const std::string& token);
  Result<json::object> find(const std::string& path, const std::string& name);

  SampleOptions options_;
  http::Client& server_;
  http::Client& gateway_;
  std::ostream& out_;
  std::string access_token_;  // of the REST APIs
  int step_ = 0;
};

}  // namespace gatehouse::app
