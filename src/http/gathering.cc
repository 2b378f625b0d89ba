// SPDX-License-Identifier: Apache-2.0
#include "http/gathering.h"

#include <algorithm>

#include "http/answering.h"
#include "net/condition.h"

namespace gatehouse::http {

namespace {

constexpr std::chrono::minutes look_again{1};

}  // namespace

// Shared by the task that waits and the batch that works: whichever ends last frees it. The thread
// writes `response` before it posts, the task reads it after.
struct Gathering::Errand {
  Errand(net::Loop& loop, std::unique_ptr<const Request> its_request)
      : request(std::move(its_request)), answered(loop) {}

  const std::unique_ptr<const Request> request;
  Result<Response> response;
  net::Condition answered;
  bool done = false;  // owned by the loop
};

// Of one handler; outlives the gathering while a batch is on its way. All but the first three is
// owned by the loop.
struct Gathering::Queue {
  net::Loop& loop;
  net::Pool& pool;
  Handler& handler;
  std::deque<std::shared_ptr<Errand>> waiting = {};
  std::size_t running = 0;  // batches
  bool posted = false;      // a turn that sends the next one
};

net::Task<Result<Response>> Gathering::answer(Handler& handler,
                                              std::unique_ptr<const Request> request) {
  std::shared_ptr<Queue>& queue = queues_[&handler];
  if (!queue) queue.reset(new Queue{loop_, pool_, handler});
  if (queue->waiting.size() >= waiting_max) {
    co_return fail(ErrorCode::exhausted, "The server is busy", "too many requests to one handler");
  }
  const auto errand = std::make_shared<Errand>(loop_, std::move(request));
  queue->waiting.push_back(errand);
  // Later in time than what else has arrived in this turn.
  if (!queue->posted && queue->running < running_max) {
    queue->posted = true;
    loop_.post([queue] {
      queue->posted = false;
      send(queue);
    });
  }
  // The batch comes back for certain, whether done or refused; the deadline only divides the wait.
  while (!errand->done) {
    const bool told = co_await errand->answered.wait_until(loop_.tick() + look_again);
    static_cast<void>(told);
  }
  co_return std::move(errand->response);
}

void Gathering::send(const std::shared_ptr<Queue>& queue) {
  while (!queue->waiting.empty() && queue->running < running_max) {
    const std::size_t count = std::min(queue->waiting.size(), batch_max);
    const auto end = queue->waiting.begin() + static_cast<std::ptrdiff_t>(count);
    Batch batch(queue->waiting.begin(), end);
    queue->waiting.erase(queue->waiting.begin(), end);
    ++queue->running;
    const Result<> queued = queue->pool.submit([queue, batch] { work(queue, batch); });
    if (queued) continue;
    for (const auto& errand : batch) errand->response = tl::unexpected<Error>(queued.error());
    finish(queue, batch);
  }
}

void Gathering::work(const std::shared_ptr<Queue>& queue, const Batch& batch) {
  std::vector<const Request*> requests;
  for (const auto& errand : batch) requests.push_back(errand->request.get());
  std::vector<Response> answers = handle_all_safely(queue->handler, requests);
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i]->response = std::move(answers[i]);
  queue->loop.post([queue, batch] {
    finish(queue, batch);
    send(queue);
  });
}

void Gathering::finish(const std::shared_ptr<Queue>& queue, const Batch& batch) {
  --queue->running;
  for (const auto& errand : batch) {
    errand->done = true;
    errand->answered.notify_all();
  }
}

}  // namespace gatehouse::http
