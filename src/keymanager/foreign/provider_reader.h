// SPDX-License-Identifier: Apache-2.0
//
// Reads what an OpenID provider publishes about itself: its metadata and its keys.
//
// Thread:  pool threads; blocks for `deadline` at most.
// Source:  OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3, RFC 7517 section 5.
#pragma once

#include "core/json.h"
#include "http/fetcher.h"

namespace gatehouse::keymanager {

class ProviderReader {
 public:
  static constexpr std::chrono::milliseconds deadline{4'000};

  explicit ProviderReader(http::Fetcher& fetcher) : fetcher_(fetcher) {}

  // The document at a discovery URL. Error: as http::Fetcher; invalid_argument, when it is none.
  Result<json::object> metadata(const std::string& url) const;

  // The keys that `certificates` names: {"type":"JWKS","value":URL} or {"type":"PEM","value":PEM
  // or its base64}. Only keys that this program can use are left, in the form that gateways read.
  // Error: as http::Fetcher; invalid_argument, when there is no usable key.
  Result<json::object> key_set(const json::object& certificates) const;

 private:
  Result<json::object> get(const std::string& url) const;

  http::Fetcher& fetcher_;
};

}  // namespace gatehouse::keymanager
