// SPDX-License-Identifier: Apache-2.0
//
// How a node reaches a NATS cluster: the [bus] table of the configuration.
//
// Thread:  plain values.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace gatehouse::bus {

struct NatsOptions {
  std::vector<std::string> servers;  // "nats://HOST:PORT" or "tls://HOST:PORT"
  std::string name;                  // of this node; one token of a subject
  std::string user;
  std::string password_file;  // its first line is the password
  // PEM files: who issued the servers' certificates, and what this node shows of itself.
  std::string ca;
  std::string certificate;
  std::string key;
  // An unanswered connect, flush or question; and how often a silent server is asked for a sign.
  std::chrono::milliseconds timeout{2'000};
};

inline constexpr std::string_view tls_scheme = "tls://";
inline constexpr std::string_view plain_scheme = "nats://";

// Error: invalid_argument, when it is not the address of a server.
Result<> check_server(std::string_view server);

// Error: invalid_argument, naming the key of the configuration and the file, when a connection
// cannot be tried at all. Whether a server answers is another matter.
Result<> check(const NatsOptions& options);

}  // namespace gatehouse::bus
