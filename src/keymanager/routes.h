// SPDX-License-Identifier: Apache-2.0
//
// The endpoints of the key manager by path and verb. (REST APIs have rest/router.h, which reads
// their OpenAPI documents; these few have none.)
//
// Thread:  filled at start; then any.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http/handler.h"

namespace gatehouse::keymanager {

class Routes {
 public:
  // `id` is what stands in the place of "*" in the pattern.
  using Answer = std::function<http::Response(const http::Request& request, const std::string& id)>;

  // `pattern`: a path, of which one whole segment may be "*".
  void add(std::string method, std::string pattern, Answer answer);

  // 404 for an unknown path, 405 with Allow for a known path and another verb.
  http::Response answer(const http::Request& request) const;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    Answer answer;
  };

  std::vector<Route> routes_;
};

}  // namespace gatehouse::keymanager
