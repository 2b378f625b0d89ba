// SPDX-License-Identifier: Apache-2.0
//
// Serves whole messages to a Handler: the port of the control plane and of the status page. (The
// gateway streams instead: http/connection.h.)
//
// Each request gets its path normalised and its peer named; try_answer is asked on the loop, then
// handle on the pool, or handle_all for what gathers (http/gathering.h). What a handler throws
// becomes 500 and a line in the log.
//
// Thread:  one event loop; a process opens one Server per loop on the same port.
// Memory:  a request body up to `body_bytes_max` and one answer per connection.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "http/connection.h"
#include "http/gathering.h"
#include "http/handler.h"
#include "net/listener.h"
#include "net/pool.h"
#include "net/tls.h"

namespace gatehouse::http {

struct ServerOptions {
  net::Listener::Options listener{};
  std::shared_ptr<const net::TlsServer> tls{};  // null: plain
  std::uint64_t body_bytes_max = 10 * 1024 * 1024;
  std::size_t connections_max = 10'000;  // one more waits in the kernel's queue
  std::vector<net::Network> trusted_proxies{};
  ConnectionOptions connection{};
};

class Server {
 public:
  // Everything given outlives the server; the pool is stopped before the handler dies.
  // Error: as net::Listener::open.
  static Result<std::unique_ptr<Server>> open(net::Loop& loop, net::Pool& pool, Handler& handler,
                                              const Clock& clock, ServerOptions options);
  // Cuts what is still connected.
  ~Server();

  std::uint16_t port() const;
  std::size_t connections() const { return drain_.count(); }

  // New connections use these certificates.
  void set_tls(std::shared_ptr<const net::TlsServer> tls) { options_.tls = std::move(tls); }

  // Leaves as http/drain.h says; `over` is called on the loop when nobody is left.
  void drain(const DrainOptions& options, std::function<void()> over);
  // Closes the port and cuts everybody now.
  void stop();

 private:
  Server(net::Loop& loop, net::Pool& pool, Handler& handler, const Clock& clock,
         ServerOptions options);

  void accept(std::unique_ptr<net::Stream> stream);
  net::Task<> serve(std::unique_ptr<net::Stream> stream);
  net::Task<> serve_requests(Connection& connection);
  net::Task<bool> write_answer(Connection& connection, std::string_view head,
                               std::string_view body);
  net::Task<Response> answer(Connection& connection);
  net::Task<bool> read_body(Connection& connection, std::string& body);
  net::Task<Response> call_handler(std::unique_ptr<const Request> request);
  Result<std::unique_ptr<Request>> request_of(const Connection& connection);

  net::Loop& loop_;
  net::Pool& pool_;
  Handler& handler_;
  const Clock& clock_;
  ServerOptions options_;
  BlockPool blocks_;
  Drain drain_;
  std::unique_ptr<net::Listener> listener_;
  bool paused_ = false;
  Gathering gathering_;
  net::TaskGroup connections_;
};

}  // namespace gatehouse::http
