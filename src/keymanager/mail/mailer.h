// SPDX-License-Identifier: Apache-2.0
//
// Sends mails after whoever asked for them has been answered. What is asked for waits in a queue of
// fixed length; a thread writes each mail and hands it to the server, again after a while if the
// server does not take it. Mails that wait when the process ends are lost, and can be asked for
// again.
//
// Thread:  any; one mutex guards the queue, never held while writing or sending (docs/locks.md).
// Memory:  at most `queue_max` mails.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "core/metrics.h"
#include "keymanager/mail/smtp_client.h"

namespace gatehouse::keymanager::mail {

class Mailer {
 public:
  // Nothing, when there is nothing to send.
  using Write = std::function<Result<std::optional<Message>>()>;
  // Returns soon, with any error, once a stop is requested.
  using Send = std::function<Result<>(const Message&, const std::stop_token&)>;

  struct Options {
    std::size_t queue_max = 1'000;
    // How long after each failure the next try comes; after the last one the mail is given up.
    std::vector<std::chrono::milliseconds> delays{std::chrono::seconds(2), std::chrono::seconds(15),
                                                  std::chrono::minutes(2),
                                                  std::chrono::minutes(10)};
  };

  Mailer(Send send, Metrics& metrics, Options options);
  ~Mailer();
  Mailer(const Mailer&) = delete;
  Mailer& operator=(const Mailer&) = delete;

  // `write` is called on the mailer's thread. Error: exhausted, when too many wait.
  Result<> post(Write write);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Job {
    Write write;
    std::optional<Message> message{};  // once written
    std::size_t failures = 0;
    Time due{};
  };

  void work();
  // The job that is due first, when its time has come; nothing at the end.
  std::optional<Job> next();
  void try_once(Job job);
  void again(Job job);

  const Send send_;
  const Options options_;
  Counter& sent_;
  Counter& lost_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;   // guarded by mutex_
  std::stop_source stop_;  // requested under mutex_

  std::thread thread_;  // last
};

}  // namespace gatehouse::keymanager::mail
