// SPDX-License-Identifier: Apache-2.0
//
// How a gateway is set: the [gateway] and [server] tables of the configuration, as far as they mean
// it.
//
// Thread:  plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/access_log.h"
#include "gateway/pipeline.h"
#include "http/connection.h"
#include "net/address.h"
#include "net/tls.h"

namespace gatehouse::gateway {

// 0 asks for any free port.
struct Ports {
  std::uint16_t http = 8280;
  std::uint16_t https = 8243;
};

struct Options {
  std::string node = "gateway";    // names this gateway in usage; unique among gateways
  std::string holder = "gateway";  // names this process in leases; unique among all of them
  std::string snapshot_folder;     // where its knowledge is kept
  // Names tokens in the journal of validations; empty: none is kept.
  std::string token_key;
  std::vector<std::string> environments = {"Default"};
  unsigned workers = 1;  // event loops, each on its own thread
  net::Address address = net::Address::any_v6();
  Ports ports;
  std::shared_ptr<const net::TlsServer> tls;            // null: no HTTPS port
  std::shared_ptr<const net::TlsClient> backend_trust;  // null: https backends are left out

  CacheRules cache_rules;
  std::size_t tokens_max = 10'000;        // remembered by each worker
  std::size_t node_tokens_max = 100'000;  // remembered by all home workers together
  // Unknown tokens that one client address may try in a minute, at each worker; 0: no limit.
  std::uint32_t token_trials_max = 100;
  std::size_t limits_max = 200'000;  // keys of limits, of all workers together

  http::ConnectionOptions connection;
  std::size_t connections_max = 20'000;  // of each worker; one more waits in the kernel's queue
  std::uint64_t body_bytes_max = 100ULL * 1024 * 1024;
  std::chrono::milliseconds connect_timeout{5'000};
  // How long a WebSocket may be silent.
  std::chrono::milliseconds websocket_idle{300'000};
  // How long the owners of limits may take before a request is refused.
  std::chrono::milliseconds permit_timeout{1'000};

  std::vector<net::Network> trusted_proxies;
  // Whether X-WSO2-CLIENT-CERTIFICATE of these proxies is the client's certificate.
  bool forwarded_certificates = false;
  std::vector<net::Network> forbidden_backends;  // beyond link-local and our own ports
  std::vector<std::uint16_t> own_ports;          // of this node, which no backend may be

  AccessLogOptions access_log;
  // How often the feed is asked without a hint: bounds how late a lost hint makes a change.
  std::chrono::milliseconds poll{500};
};

}  // namespace gatehouse::gateway
