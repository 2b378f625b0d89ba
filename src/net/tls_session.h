// SPDX-License-Identifier: Apache-2.0
//
// The TLS state of one connection, between a Stream and its Socket. No call waits.
//
// Thread:  one event loop.
// Memory:  what OpenSSL takes, about 20 KiB while data flows; its buffers are released when idle.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/socket.h"
#include "net/tls.h"

struct ssl_st;

namespace gatehouse::net {

class TlsSession {
 public:
  // `socket` outlives the session.
  TlsSession(Socket& socket, std::shared_ptr<const TlsServer> server);
  // `server_name`: a host name or an IP address, sent as SNI (names only) and verified.
  TlsSession(Socket& socket, std::shared_ptr<const TlsClient> client,
             const std::string& server_name);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // moved(0) when it is complete.
  Progress handshake();
  Progress read(std::span<char> buffer);
  // After `blocked` the next write begins with the same bytes.
  Progress write(std::span<const iovec> pieces);
  // Says that nothing more will be sent, if that can be said without waiting.
  void say_goodbye();
  // True when there is nothing decrypted or decryptable to read.
  bool is_quiet();
  // False only when a read would block now.
  bool may_read();
  // A handshake or read waits for the socket to take bytes, not for the peer's.
  bool wants_to_write() const { return wants_to_write_; }

  std::string_view alpn() const;         // "" when none was agreed on
  std::string_view server_name() const;  // SNI as the client sent it, "" without
  std::string_view version() const;      // "TLSv1.3"
  std::string peer_certificate() const;  // DER, "" when none was shown
  // Why a call failed, for the log.
  const std::string& failure() const { return failure_; }

 private:
  Progress explain(int outcome);

  Socket& socket_;
  std::shared_ptr<const TlsServer> server_;
  std::shared_ptr<const TlsClient> client_;
  ssl_st* ssl_ = nullptr;
  bool wants_to_write_ = false;
  std::string failure_;
};

}  // namespace gatehouse::net
