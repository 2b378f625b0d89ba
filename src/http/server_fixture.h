// SPDX-License-Identifier: Apache-2.0
//
// A Server on a free port of the loopback with a handler that shows what it was given; for tests.
//
// Thread:  the test's, which runs the loop; the handler's `handle` runs on one pool thread.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <semaphore>
#include <stdexcept>

#include "core/test_folder.h"
#include "http/raw_client.h"
#include "http/server.h"

namespace gatehouse::http {

// "/memory" is answered on the loop, "/throw" and "/memory/throw" are bugs, "/slow" waits for
// `slow_may_end`, "/own" belongs to `own_pool`, "/together" gathers, everything else is
// echoed.
class EchoHandler final : public Handler {
 public:
  std::optional<Response> try_answer(const Request& request) override {
    if (request.path == "/memory") return make_response(200, "text/plain", "from memory");
    if (request.path == "/memory/throw") throw std::runtime_error("a bug in memory");
    return std::nullopt;
  }
  Response handle(const Request& request) override {
    if (request.path == "/throw") throw std::runtime_error("a bug");
    if (request.path == "/nothing") return Response{204, {}, ""};
    if (request.path == "/large")
      return make_response(200, "text/plain", std::string(3'000'000, 'x'));
    if (request.path == "/slow") {
      slow_begun.release();
      slow_may_end.acquire();
    }
    return make_response(
        200, "text/plain",
        fmt::format("{} {} {} {} {} {}", request.method, request.path, request.query,
                    request.peer.address, request.peer.tls, request.body));
  }

  net::Pool* pool_of(const Request& request) override {
    return request.path == "/own" ? own_pool : nullptr;
  }

  Handler* gathers(const Request& request) override {
    return request.path == "/together" ? this : nullptr;
  }

  net::Pool* own_pool = nullptr;
  std::counting_semaphore<> slow_begun{0};
  std::counting_semaphore<> slow_may_end{0};
};

class ServerTest : public ::testing::Test {
 protected:
  ~ServerTest() override {
    handler_.slow_may_end.release(8);
    pool_.stop();
    server_.reset();
  }

  void open(ServerOptions options = {}) {
    options.listener.endpoint = net::Endpoint::loopback(0);
    auto server = Server::open(loop_, pool_, handler_, clock_, std::move(options));
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
  }
  // With a certificate that tls_client_ trusts.
  void open_tls() {
    const net::CertificateFiles files{(folder_.path() / "pem").string(),
                                      (folder_.path() / "key").string()};
    ASSERT_TRUE(net::make_self_signed(files, "localhost"));
    ServerOptions options;
    options.tls = *net::TlsServer::open({.files = files, .alpn = {"http/1.1"}});
    tls_client_ = *net::TlsClient::open({.trust = net::TlsClient::Trust::file,
                                         .ca_file = files.certificate,
                                         .files = {},
                                         .alpn = {}});
    open(std::move(options));
  }
  RawClient client() { return RawClient(loop_, server_->port(), tls_client_); }

  TestFolder folder_;
  SystemClock clock_;
  EchoHandler handler_;
  net::Pool pool_{{.name = "handlers", .threads = 2}};
  net::Loop loop_;
  std::shared_ptr<const net::TlsClient> tls_client_;
  std::unique_ptr<Server> server_;
};

}  // namespace gatehouse::http
