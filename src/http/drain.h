// SPDX-License-Identifier: Apache-2.0
//
// Leaving without cutting anybody off: who is connected to a loop, and what happens to them once
// the program is asked to end.
//
//   begin -- accept --> ports close -- idle --> the idle ones are cut -- deadline --> all are cut
//
// From `begin` on every answer closes its connection. Idle ones stay a while, so that a balancer
// that is just about to use one is not refused. Over as soon as the ports are closed and nobody is
// left.
//
// Thread:  one event loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "net/list.h"
#include "net/loop.h"
#include "net/timer.h"

namespace gatehouse::http {

// Counted from the beginning of the drain.
struct DrainOptions {
  std::chrono::milliseconds accept{0};         // how long new connections are taken
  std::chrono::milliseconds idle{35'000};      // how long a connection without a request stays
  std::chrono::milliseconds deadline{60'000};  // when everybody is cut
};

class Drain {
 public:
  // A connection. It is listed as long as it lives.
  class Member : public net::ListNode {
   public:
    explicit Member(Drain& drain);
    ~Member();
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    // True between two requests.
    void set_idle(bool idle) { idle_ = idle; }

   private:
    friend class Drain;
    // Ends the connection, later in this turn.
    virtual void cut() = 0;

    Drain& drain_;
    bool idle_ = true;
  };

  explicit Drain(net::Loop& loop);

  // `close_ports` is called once, when the time to accept is over; `over` once, when nobody is
  // left. Both on the loop, `over` possibly before this returns. A second call is ignored.
  void begin(const DrainOptions& options, std::function<void()> close_ports,
             std::function<void()> over);
  // Cuts everybody.
  void cut_all();

  // Every answer closes its connection.
  bool closing() const { return phase_ != Phase::serving; }
  // Connections, idle ones included.
  std::size_t count() const { return count_; }

 private:
  enum class Phase { serving, accepting, closed, over };

  void step();
  void cut_idle();
  void check_over();

  net::Loop& loop_;
  net::List<Member> members_;
  std::size_t count_ = 0;
  Phase phase_ = Phase::serving;
  DrainOptions options_;
  Tick begun_{};
  std::function<void()> close_ports_;
  std::function<void()> over_;
  net::Timer timer_;
};

}  // namespace gatehouse::http
