// SPDX-License-Identifier: Apache-2.0
//
// What several nodes keep together: a JetStream stream for each log, and a key-value bucket whose
// entries expire for the offices. They are made at their first use, with three copies where the
// servers are a cluster, with one on a single server.
//
// Thread:  one at a time. A call blocks for up to the timeout of the options.
// Source:  JetStream: Nats-Expected-Last-Sequence, Nats-Expected-Last-Subject-Sequence.
#pragma once

#include <memory>
#include <set>

#include "bus/keep.h"
#include "bus/nats_link.h"

namespace gatehouse::bus {

class NatsKeep final : public Keep {
 public:
  NatsKeep(const NatsOptions& options, Metrics& metrics,
           std::chrono::milliseconds term = std::chrono::seconds(3));
  ~NatsKeep() override;
  NatsKeep(const NatsKeep&) = delete;
  NatsKeep& operator=(const NatsKeep&) = delete;

  Result<std::vector<Kept>> read(std::string_view log) override;
  Result<std::uint64_t> append(std::string_view log, std::uint64_t after,
                               std::string bytes) override;
  Result<> forget_before(std::string_view log, std::uint64_t number) override;

  std::chrono::milliseconds term() const override { return term_; }
  Result<std::uint64_t> take(std::string_view office) override;
  Result<std::uint64_t> renew(std::string_view office, std::uint64_t held) override;
  Result<> leave(std::string_view office, std::uint64_t held) override;
  bool is_shared() const override { return true; }

 private:
  // A stream and the one subject of it that is meant.
  struct Place {
    std::string stream;
    std::string subject;
  };
  enum class Kind : std::uint8_t { log, offices };

  Place log_place(std::string_view log) const;
  Place office_place(std::string_view office) const;
  // A connection, and the stream of the place.
  Result<> reach(const Place& place, Kind kind);
  Result<> make_stream(const Place& place, Kind kind);
  Result<std::uint64_t> publish(const Place& place, Kind kind, std::uint64_t after,
                                std::string_view bytes);
  Result<> purge(const Place& place, std::uint64_t before);
  void hang_up();

  const NatsOptions options_;
  const std::chrono::milliseconds term_;
  NatsLink link_;
  jsCtx* jetstream_ = nullptr;   // of the connection
  std::set<std::string> known_;  // streams that this connection has seen
};

}  // namespace gatehouse::bus
