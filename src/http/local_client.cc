// SPDX-License-Identifier: Apache-2.0
#include "http/local_client.h"

#include "http/answering.h"
#include "net/condition.h"

namespace gatehouse::http {
namespace {

// Shared by the task that waits and the thread that works: whichever ends last frees it. The thread
// writes `response` before it posts, the task reads it after.
struct Errand {
  Errand(net::Loop& loop, const Request& its_request) : request(its_request), answered(loop) {}

  const Request request;
  std::optional<Response> response;
  net::Condition answered;
  bool done = false;  // owned by the loop
};

}  // namespace

net::Task<Result<Response>> LocalClient::send(const Request& request,
                                              std::chrono::milliseconds timeout) {
  std::optional<Response> response = try_answer_safely(handler_, request);
  if (response) co_return *std::move(response);

  const Tick deadline = loop_.tick() + timeout;
  const auto errand = std::make_shared<Errand>(loop_, request);
  auto work = [errand, &handler = handler_, &loop = loop_] {
    errand->response = handle_safely(handler, errand->request);
    loop.post([errand] {
      errand->done = true;
      errand->answered.notify_all();
    });
  };
  net::Pool* const own = handler_.pool_of(errand->request);
  Result<> queued = (own == nullptr ? pool_ : *own).submit(std::move(work));
  if (!queued) co_return tl::unexpected<Error>(std::move(queued).error());
  while (!errand->done) {
    const bool told = co_await errand->answered.wait_until(deadline);
    if (!told && !errand->done) {
      co_return fail(ErrorCode::unavailable, "No answer arrived in time", request.target);
    }
  }
  co_return *std::move(errand->response);
}

Result<Response> LocalClient::ask(const Request& request, std::chrono::milliseconds) {
  return handle_safely(handler_, request);
}

}  // namespace gatehouse::http
