// SPDX-License-Identifier: Apache-2.0
//
// Hands a request to the handler of the longest path prefix that it begins with.
//
// Thread:  built at start; then read by any thread.
#pragma once

#include <string>
#include <vector>

#include "http/handler.h"

namespace gatehouse::app {

class PathDispatcher final : public http::Handler {
 public:
  // `prefix` matches whole segments: "/oauth2" serves /oauth2 and /oauth2/token, not /oauth2x.
  void add(std::string prefix, http::Handler& handler);

  std::optional<http::Response> try_answer(const http::Request& request) override;
  http::Response handle(const http::Request& request) override;
  net::Pool* pool_of(const http::Request& request) override;
  http::Handler* gathers(const http::Request& request) override;

 private:
  struct Entry {
    std::string prefix;
    http::Handler* handler;
  };

  http::Handler* find(std::string_view path) const;

  std::vector<Entry> entries_;  // longest prefix first
};

}  // namespace gatehouse::app
