// SPDX-License-Identifier: Apache-2.0
//
// Hands a mail to the server that sends ours.
//
// Thread:  any that may block; each call is a connection of its own.
// Source:  RFC 5321, RFC 3207 (STARTTLS), RFC 8314 (implicit TLS), RFC 4954 (AUTH); libcurl.
#pragma once

#include <chrono>
#include <string>

#include "core/error.h"
#include "keymanager/mail/message.h"

namespace gatehouse::keymanager::mail {

// `none` is for a server on this machine.
enum class Security : std::uint8_t { start_tls, tls, none };

// Keys: mail.*.
struct Server {
  std::string host;  // empty: there is none, and nothing is sent
  std::uint16_t port = 587;
  Security security = Security::start_tls;
  std::string user;  // empty: without AUTH
  std::string password;
  std::string authorities;  // PEM file; empty: those of the system
  std::chrono::seconds patience{30};
};

class SmtpClient {
 public:
  explicit SmtpClient(Server server) : server_(std::move(server)) {}

  // Taken by the server. TLS is never given up, and its certificate must be the host's.
  // Error: unavailable, when a later try may succeed; invalid_argument, when the server refuses for
  // good. Ends within a second of a request to stop (unavailable).
  Result<> send(const Message& message, const std::stop_token& stop) const;

 private:
  const Server server_;
};

}  // namespace gatehouse::keymanager::mail
