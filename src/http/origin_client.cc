// SPDX-License-Identifier: Apache-2.0
#include "http/origin_client.h"

#include <future>

#include "http/client.h"
#include "http/writer.h"

namespace gatehouse::http {
namespace {

constexpr FieldSet written_by_us =
    hop_by_hop_fields | FieldSet{FieldId::host, FieldId::content_length, FieldId::expect};

bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
         method == "OPTIONS";
}

// Error: invalid_argument, when a field would end a line.
Result<std::string> request_head(const Request& request, const Origin& origin) {
  if (!is_field_name(request.method) ||
      request.target.find_first_of(" \r\n") != std::string::npos) {
    return fail(ErrorCode::invalid_argument, "The request cannot be written", request.target);
  }
  std::string head;
  append_request_line(head, request.method, request.target);
  append_field(head, "Host", origin.authority());
  for (const auto& [name, value] : request.headers) {
    if (written_by_us.has(field_id(name))) continue;
    if (!is_field_name(name) || !is_field_value(value)) {
      return fail(ErrorCode::invalid_argument, "The request cannot be written", name);
    }
    append_field(head, name, value);
  }
  const bool has_body = !request.body.empty() || request.method == "POST" ||
                        request.method == "PUT" || request.method == "PATCH";
  if (has_body) append_field(head, "Content-Length", request.body.size());
  end_head(head);
  return head;
}

Response response_of(const ResponseHead& head) {
  constexpr FieldSet of_the_connection = hop_by_hop_fields | FieldSet{FieldId::content_length};
  Response response;
  response.status = head.status();
  for (const Field& field : head.fields()) {
    if (of_the_connection.has(field.id) || field.named_by_connection) continue;
    response.headers.add(std::string(head.name(field)), std::string(head.value(field)));
  }
  return response;
}

}  // namespace

// What a blocked thread waits for; it is answered even if the loop ends first.
struct OriginClient::Question {
  Question(const Origin& its_origin, const Request& its_request,
           std::chrono::milliseconds its_timeout)
      : origin(its_origin), request(its_request), timeout(its_timeout) {}
  ~Question() {
    if (!answered) answer(fail(ErrorCode::unavailable, "The program ends", request.target));
  }
  void answer(Result<Response> response) {
    answered = true;
    promise.set_value(std::move(response));
  }

  const Origin& origin;  // of the thread that waits, as the next
  const Request& request;
  const std::chrono::milliseconds timeout;
  std::promise<Result<Response>> promise;
  bool answered = false;
};

OriginClient::OriginClient(net::Loop& loop, net::Resolver& resolver, Options options)
    : loop_(loop), options_(std::move(options)), pool_(loop, blocks_, resolver, options_.pool) {}

Result<Response> OriginClient::ask(const Origin& origin, const Request& request,
                                   std::chrono::milliseconds timeout) {
  GH_ASSERT(!loop_.is_this_thread());
  auto question = std::make_unique<Question>(origin, request, timeout);
  std::future<Result<Response>> answered = question->promise.get_future();
  auto put = [this, question = std::move(question)]() mutable {
    questions_.spawn(answer(std::move(question)));
  };
  loop_.post(std::move(put));
  return answered.get();
}

void OriginClient::cancel_asked() {
  loop_.post([this] { questions_.cancel(); });
}

net::Task<> OriginClient::answer(std::unique_ptr<Question> question) {
  Result<Response> response = co_await send(question->origin, question->request, question->timeout);
  question->answer(std::move(response));
}

net::Task<Result<Response>> OriginClient::send(const Origin& origin, const Request& request,
                                               std::chrono::milliseconds timeout) {
  const Tick deadline = loop_.tick() + timeout;
  GH_CO_TRY(head, request_head(request, origin));
  Result<std::unique_ptr<Upstream>> upstream = co_await pool_.acquire(origin, deadline);
  if (!upstream) {
    Error error = std::move(upstream).error();
    error.number = unsent;
    co_return tl::unexpected<Error>(std::move(error));
  }

  Exchange exchange{head, request, deadline};
  Result<Response> response = co_await this->exchange(**upstream, exchange);
  const bool repeat =
      !response && (*upstream)->fault() == UpstreamFault::stale && is_idempotent(request.method);
  if (repeat) {
    upstream = co_await pool_.connect(origin, deadline);
    if (!upstream) co_return tl::unexpected<Error>(std::move(upstream).error());
    response = co_await this->exchange(**upstream, exchange);
  }
  pool_.release(*std::move(upstream));
  co_return response;
}

net::Task<Result<Response>> OriginClient::exchange(Upstream& upstream, const Exchange& exchange) {
  const Request& request = exchange.request;
  std::array<iovec, 2> pieces = {
      iovec{const_cast<char*>(exchange.head.data()), exchange.head.size()},
      iovec{const_cast<char*>(request.body.data()), request.body.size()}};
  // A peer that refuses early closes before it has read everything, and its answer still counts.
  const Result<> written = co_await upstream.write(pieces);
  if (!written) upstream.spoil();
  const Method method = request.method == "HEAD" ? Method::head : Method::other;
  const Result<> answered = co_await upstream.read_head(method);
  if (!answered) co_return tl::unexpected<Error>(answered.error());

  Response response = response_of(upstream.head());
  while (!upstream.body_done()) {
    const Result<BodyPiece> piece = co_await upstream.read_body_some(exchange.deadline);
    if (!piece) co_return tl::unexpected<Error>(piece.error());
    if (response.body.size() + piece->data.size() > options_.body_bytes_max) {
      co_return fail(ErrorCode::unavailable, "The answer is too large", request.target);
    }
    response.body += piece->data;
  }
  co_return response;
}

}  // namespace gatehouse::http
