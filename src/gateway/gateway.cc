// SPDX-License-Identifier: Apache-2.0
#include "gateway/gateway.h"

#include <condition_variable>
#include <mutex>

namespace gatehouse::gateway {

Gateway::Gateway(const Parts& parts, Options options)
    : parts_(parts),
      options_(std::move(options)),
      access_log_(options_.access_log),
      left_(options_.workers) {
  GH_ASSERT(options_.workers > 0);
  FeedClient::Parts feed{.control_plane = parts_.control_plane,
                         .bus = parts_.bus,
                         .clock = parts_.clock,
                         .node = options_.node,
                         .snapshot_folder = options_.snapshot_folder,
                         .keeps_tokens = !options_.token_key.empty(),
                         .environments = options_.environments,
                         .backend_trust = options_.backend_trust,
                         .poll = options_.poll,
                         .watched = parts_.watched_control_plane,
                         .publish = {},
                         .revoke = {},
                         .remember = {},
                         .collect_usage = {},
                         .workers = options_.workers};
  feed.publish = [this](const std::shared_ptr<const Snapshot>& snapshot) {
    for (const auto& worker : workers_) worker->publish(snapshot);
  };
  feed.revoke = [this](const model::Revocation& revocation) {
    for (const auto& worker : workers_) worker->revoke(revocation);
  };
  feed.remember = [this](const std::shared_ptr<const RememberedTokens>& tokens) {
    for (const auto& worker : workers_) worker->remember(tokens);
  };
  feed.collect_usage = [this] { collect_usage(); };
  feed_ = std::make_unique<FeedClient>(std::move(feed));
  for (unsigned i = 0; i < options_.workers; ++i) {
    const Worker::Parts worker{
        options_,
        parts_.clock,
        parts_.metrics,
        parts_.bus,
        parts_.files,
        access_log_,
        used_proofs_,
        parts_.key_manager,
        parts_.random.number(),
        [this](const Sha256& hash) -> TokenHome& {
          return workers_[home_number(hash, workers_.size())]->home();
        },
        [this](unsigned which, std::uint64_t number) { feed_->adopted(which, number); }};
    workers_.push_back(std::make_unique<Worker>(worker, i));
  }
  add_gauges();
}

Gateway::~Gateway() { stop(); }

Result<> Gateway::start() {
  // The first worker claims the ports; the others join it there, at the number it got.
  Ports ports = options_.ports;
  for (const auto& worker : workers_) {
    const bool first = worker == workers_.front();
    GH_CHECK(
        worker->listen(ports, first ? net::Listener::Claim::first : net::Listener::Claim::join));
    ports = worker->ports();
  }
  for (const auto& worker : workers_) {
    threads_.emplace_back([&served = *worker] { served.run(); });
  }
  feed_->start();
  return {};
}

void Gateway::stop() {
  // The last counts are taken while the loops still run.
  if (!threads_.empty()) collect_usage();
  feed_->stop();
  for (const auto& worker : workers_) worker->stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

Ports Gateway::ports() const { return workers_.front()->ports(); }

void Gateway::set_tls(const std::shared_ptr<const net::TlsServer>& tls) {
  for (const auto& worker : workers_) worker->set_tls(tls);
}

void Gateway::drain(const http::DrainOptions& options) {
  for (const auto& worker : workers_) {
    worker->drain(options, [this] { left_.fetch_sub(1); });
  }
}

// Waits until every worker has handed over, so that a batch is a moment of the whole gateway.
void Gateway::collect_usage() {
  struct Collection {
    std::mutex mutex;
    std::condition_variable done;
    std::size_t missing;
  };
  const auto collection = std::make_shared<Collection>();
  collection->missing = workers_.size();
  for (const auto& worker : workers_) {
    worker->collect([this, collection](json::array rows, std::vector<Remembered> learned) {
      feed_->add_usage(std::move(rows));
      feed_->add_tokens(std::move(learned));
      const std::lock_guard lock(collection->mutex);
      --collection->missing;
      collection->done.notify_one();
    });
  }
  std::unique_lock lock(collection->mutex);
  collection->done.wait_for(lock, std::chrono::seconds(1),
                            [&] { return collection->missing == 0; });
}

void Gateway::add_gauges() {
  parts_.metrics.gauge("gatehouse_gateway_snapshot_number", "",
                       "The number of the change log that every worker stands at",
                       [this] { return static_cast<double>(number()); });
  parts_.metrics.gauge("gatehouse_gateway_snapshot_age_seconds", "",
                       "Since the control plane was last heard", [this] {
                         const auto age = parts_.clock.now() - heard_at();
                         return heard_at() == Instant{} ? -1.0
                                                        : static_cast<double>(age.count()) / 1000;
                       });
  parts_.metrics.gauge("gatehouse_gateway_log_lines_dropped", "",
                       "Lines of the access log that were not written",
                       [this] { return static_cast<double>(access_log_.dropped()); });
}

}  // namespace gatehouse::gateway
