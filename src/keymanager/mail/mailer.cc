// SPDX-License-Identifier: Apache-2.0
#include "keymanager/mail/mailer.h"

#include <algorithm>

#include "core/log.h"

namespace gatehouse::keymanager::mail {

Mailer::Mailer(Send send, Metrics& metrics, Options options)
    : send_(std::move(send)),
      options_(std::move(options)),
      sent_(metrics.counter("gatehouse_mails_total", "outcome=\"sent\"",
                            "Mails that the mail server has taken, and that were given up")),
      lost_(metrics.counter("gatehouse_mails_total", "outcome=\"lost\"",
                            "Mails that the mail server has taken, and that were given up")),
      thread_([this] { work(); }) {}

Mailer::~Mailer() {
  {
    const std::lock_guard lock(mutex_);
    stop_.request_stop();
  }
  wake_.notify_all();
  thread_.join();
}

Result<> Mailer::post(Write write) {
  {
    const std::lock_guard lock(mutex_);
    if (jobs_.size() >= options_.queue_max) {
      return fail(ErrorCode::exhausted, "Too many mails wait; try again in a moment");
    }
    jobs_.push_back({.write = std::move(write)});
  }
  wake_.notify_all();
  return {};
}

void Mailer::work() {
  while (std::optional<Job> job = next()) try_once(*std::move(job));
}

std::optional<Mailer::Job> Mailer::next() {
  std::unique_lock lock(mutex_);
  while (!stop_.stop_requested()) {
    const auto first = std::ranges::min_element(jobs_, {}, &Job::due);
    if (first == jobs_.end()) {
      wake_.wait(lock);
      continue;
    }
    if (first->due > std::chrono::steady_clock::now()) {
      wake_.wait_until(lock, first->due);
      continue;
    }
    Job job = std::move(*first);
    jobs_.erase(first);
    return job;
  }
  return std::nullopt;
}

void Mailer::try_once(Job job) {
  if (!job.message) {
    Result<std::optional<Message>> written = job.write();
    if (!written) {
      log_warning("mail: {} ({})", written.error().message, written.error().detail);
      return again(std::move(job));
    }
    if (!*written) return;
    job.message = **std::move(written);
  }
  const Result<> sent = send_(*job.message, stop_.get_token());
  if (sent) return sent_.add(1);
  log_warning("mail: {}: {}", sent.error().message, sent.error().detail);
  if (sent.error().code == ErrorCode::unavailable) return again(std::move(job));
  lost_.add(1);
}

void Mailer::again(Job job) {
  if (job.failures >= options_.delays.size()) return lost_.add(1);
  job.due = std::chrono::steady_clock::now() + options_.delays[job.failures++];
  const std::lock_guard lock(mutex_);
  // Whoever came meanwhile was told that there is room.
  jobs_.push_back(std::move(job));
}

}  // namespace gatehouse::keymanager::mail
