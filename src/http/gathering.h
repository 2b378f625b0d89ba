// SPDX-License-Identifier: Apache-2.0
//
// Hands requests that gain by company to their handler together. Those that arrive in one turn of
// the loop go at once; while `running_max` batches are on their way, the next one gathers. So a
// single request waits for nobody, and a crowd forms batches as large as the time that one takes.
//
// Thread:  one event loop; handlers are called on the pool's threads.
// Memory:  at most `waiting_max` requests that wait for each handler, `batch_max` in a batch.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "http/handler.h"
#include "net/pool.h"
#include "net/task.h"

namespace gatehouse::http {

class Gathering {
 public:
  static constexpr std::size_t batch_max = 256;
  // One commits while the next one reads.
  static constexpr std::size_t running_max = 2;
  // More would wait for longer than whoever asks: they are told so at once.
  static constexpr std::size_t waiting_max = 16 * batch_max;

  // Both outlive the gathering; the pool is stopped before the handlers die.
  Gathering(net::Loop& loop, net::Pool& pool) : loop_(loop), pool_(pool) {}

  // The answer of `handler`, once its batch is done. What it throws becomes 500. A task that dies
  // meanwhile leaves its request in the batch.
  // Error: exhausted, when too many wait already or the queue of the pool is full; unavailable,
  // after its stop().
  net::Task<Result<Response>> answer(Handler& handler, std::unique_ptr<const Request> request);

 private:
  struct Errand;
  struct Queue;
  using Batch = std::vector<std::shared_ptr<Errand>>;

  static void send(const std::shared_ptr<Queue>& queue);
  static void work(const std::shared_ptr<Queue>& queue, const Batch& batch);
  static void finish(const std::shared_ptr<Queue>& queue, const Batch& batch);

  net::Loop& loop_;
  net::Pool& pool_;
  std::map<Handler*, std::shared_ptr<Queue>> queues_;
};

}  // namespace gatehouse::http
