// SPDX-License-Identifier: Apache-2.0
//
// The bus of one process: a call of each listener on the publisher's thread.
//
// Thread:  any; one mutex guards the list of listeners (docs/locks.md).
#pragma once

#include <list>
#include <mutex>

#include "bus/bus.h"

namespace gatehouse::bus {

class LocalBus final : public Bus {
 public:
  void publish(std::string_view subject, std::string_view message) override;
  std::unique_ptr<Subscription> subscribe(std::string subject, Listener listener) override;

 private:
  struct Entry {
    std::string subject;
    Listener listener;
  };
  class Handle;

  std::mutex mutex_;
  std::list<Entry> entries_;  // guarded by mutex_
};

}  // namespace gatehouse::bus
