// SPDX-License-Identifier: Apache-2.0
#include "http/server.h"

#include "http/answering.h"
#include "http/peer.h"
#include "http/target.h"
#include "http/writer.h"

namespace gatehouse::http {
namespace {

// A warm connection keeps the buffer of its answers' heads up to this size.
constexpr std::size_t kept_head_bytes_max = 16 * 1024;

// What a client must take within `write_timeout`.
constexpr std::size_t write_bytes_max = 128 * 1024;

bool is_bodiless(int status) { return status == 204 || status == 304; }

Response busy() {
  Response response = error_response(503, "The server is busy; try again.");
  response.headers.add("Retry-After", "1");
  return response;
}

void copy_fields(const RequestHead& head, Headers& headers) {
  for (const Field& field : head.fields()) {
    if (field.id == FieldId::twin || field.named_by_connection) continue;
    headers.add(std::string(head.name(field)), std::string(head.value(field)));
  }
}

}  // namespace

Server::Server(net::Loop& loop, net::Pool& pool, Handler& handler, const Clock& clock,
               ServerOptions options)
    : loop_(loop),
      pool_(pool),
      handler_(handler),
      clock_(clock),
      options_(std::move(options)),
      drain_(loop),
      gathering_(loop, pool) {}

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(net::Loop& loop, net::Pool& pool, Handler& handler,
                                             const Clock& clock, ServerOptions options) {
  std::unique_ptr<Server> server(new Server(loop, pool, handler, clock, std::move(options)));
  Server* const self = server.get();
  GH_TRY(listener, net::Listener::open(loop, self->options_.listener,
                                       [self](std::unique_ptr<net::Stream> stream) {
                                         self->accept(std::move(stream));
                                       }));
  server->listener_ = std::move(listener);
  return server;
}

std::uint16_t Server::port() const { return listener_->port(); }

void Server::drain(const DrainOptions& options, std::function<void()> over) {
  const auto close_port = [this] { listener_->stop(); };
  drain_.begin(options, close_port, std::move(over));
}

void Server::stop() {
  listener_->stop();
  drain_.cut_all();
}

void Server::accept(std::unique_ptr<net::Stream> stream) {
  if (drain_.count() + 1 >= options_.connections_max && !paused_) {
    paused_ = true;
    listener_->pause();
  }
  connections_.spawn(serve(std::move(stream)));
}

net::Task<> Server::serve(std::unique_ptr<net::Stream> stream) {
  {
    Connection connection(std::move(stream), options_.connection, blocks_, drain_);
    co_await serve_requests(connection);
  }
  if (paused_ && drain_.count() < options_.connections_max) {
    paused_ = false;
    listener_->resume();
  }
}

net::Task<> Server::serve_requests(Connection& connection) {
  if (options_.tls) {
    const Result<> secured = co_await connection.stream().start_tls(options_.tls);
    if (!secured) co_return;
  }
  std::string head;
  for (;;) {
    const Arrival arrival = co_await connection.read_head();
    if (arrival == Arrival::closed) co_return;
    Response response;
    if (arrival == Arrival::request) {
      response = co_await answer(connection);
    } else {
      response = error_response(connection.refusal().status, connection.refusal().reason);
    }
    AnswerOptions how{connection.head().version(), AnswerOptions::After::keep};
    if (!connection.decide_persistence()) how.after = AnswerOptions::After::close;
    head.clear();
    append_answer_head(head, response, how, clock_.now());
    std::string_view body = response.body;
    if (connection.head().method() == Method::head || is_bodiless(response.status)) body = {};
    const bool written = co_await write_answer(connection, head, body);
    if (!written) co_return;
    if (head.capacity() > kept_head_bytes_max) head = std::string();
    const bool goes_on = co_await connection.finish();
    if (!goes_on) co_return;
  }
}

// In slices, each with its own deadline: a large answer may take a slow client long.
net::Task<bool> Server::write_answer(Connection& connection, std::string_view head,
                                     std::string_view body) {
  do {
    const std::string_view slice = body.substr(0, write_bytes_max);
    std::array<iovec, 2> pieces = {iovec{const_cast<char*>(head.data()), head.size()},
                                   iovec{const_cast<char*>(slice.data()), slice.size()}};
    const Result<> written = co_await connection.write(pieces);
    if (!written) co_return false;
    head = {};
    body.remove_prefix(slice.size());
  } while (!body.empty());
  co_return true;
}

net::Task<Response> Server::answer(Connection& connection) {
  Result<std::unique_ptr<Request>> request = request_of(connection);
  if (!request) co_return error_response(400, request.error().message);
  bool complete = connection.limit_body(options_.body_bytes_max);
  if (complete) complete = co_await read_body(connection, (*request)->body);
  if (!complete) {
    // A client that is gone has no refusal, and nobody reads this answer.
    const Refusal& refusal = connection.refusal();
    co_return error_response(refusal.status == 0 ? 400 : refusal.status, refusal.reason);
  }
  std::optional<Response> response = try_answer_safely(handler_, **request);
  if (response) co_return *std::move(response);
  if (Handler* const together = handler_.gathers(**request)) {
    Result<Response> gathered = co_await gathering_.answer(*together, *std::move(request));
    if (gathered) co_return *std::move(gathered);
    co_return busy();
  }
  co_return co_await call_handler(*std::move(request));
}

net::Task<bool> Server::read_body(Connection& connection, std::string& body) {
  while (!connection.body_done()) {
    const Result<BodyPiece> piece = co_await connection.read_body_some();
    if (!piece) co_return false;
    body += piece->data;
  }
  co_return true;
}

net::Task<Response> Server::call_handler(std::unique_ptr<const Request> request) {
  net::Pool* const own = handler_.pool_of(*request);
  auto work = [&handler = handler_, request = std::move(request)] {
    return handle_safely(handler, *request);
  };
  net::Pool& pool = own == nullptr ? pool_ : *own;
  auto run = pool.run(loop_, std::move(work));
  Result<Response> response = co_await run;
  if (response) co_return *std::move(response);
  co_return busy();
}

// Everything but the body.
Result<std::unique_ptr<Request>> Server::request_of(const Connection& connection) {
  const RequestHead& head = connection.head();
  auto request = std::make_unique<Request>();
  request->method = head.method_text();
  if (head.path() == "*") {
    request->path = "*";
  } else {
    GH_TRY(path, normalise_path(head.path(), loop_.scratch()));
    request->path = decode_path(path);
  }
  request->query = head.query();
  request->target = head.path();
  if (head.has_query()) request->target.append("?").append(head.query());
  copy_fields(head, request->headers);
  const net::Stream& stream = connection.stream();
  request->peer.address =
      client_address(head, stream.peer().address, options_.trusted_proxies).text();
  request->peer.tls = stream.is_tls();
  request->peer.certificate = stream.peer_certificate();
  return request;
}

}  // namespace gatehouse::http
