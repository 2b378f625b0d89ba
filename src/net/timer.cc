// SPDX-License-Identifier: Apache-2.0
#include "net/timer.h"

#include <utility>

#include "net/loop.h"

namespace gatehouse::net {

void TimerHeap::set(TimerNode& node, Tick due) {
  const bool earlier = !node.is_set() || due < node.due_;
  node.due_ = due;
  if (!node.is_set()) {
    heap_.push_back(&node);
    node.place_ = heap_.size() - 1;
  }
  if (earlier) {
    sift_up(node.place_);
  } else {
    sift_down(node.place_);
  }
}

void TimerHeap::cancel(TimerNode& node) {
  if (!node.is_set()) return;
  const std::size_t hole = std::exchange(node.place_, TimerNode::unset);
  TimerNode* last = heap_.back();
  heap_.pop_back();
  if (last == &node) return;
  place(hole, last);
  sift_up(hole);
  sift_down(last->place_);
}

void TimerHeap::fire(Tick now) {
  for (std::size_t left = heap_.size(); left > 0 && next() <= now; --left) {
    TimerNode& node = *heap_.front();
    cancel(node);
    node.on_timer();
  }
}

void TimerHeap::place(std::size_t position, TimerNode* node) {
  heap_[position] = node;
  node->place_ = position;
}

void TimerHeap::sift_up(std::size_t position) {
  TimerNode* node = heap_[position];
  while (position > 0) {
    const std::size_t parent = (position - 1) / 2;
    if (heap_[parent]->due_ <= node->due_) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, node);
}

void TimerHeap::sift_down(std::size_t position) {
  TimerNode* node = heap_[position];
  for (;;) {
    std::size_t child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->due_ < heap_[child]->due_) ++child;
    if (node->due_ <= heap_[child]->due_) break;
    place(position, heap_[child]);
    position = child;
  }
  place(position, node);
}

Timer::Timer(Loop& loop, std::function<void()> callback)
    : loop_(loop), callback_(std::move(callback)) {}

void Timer::set(Tick due) { loop_.timers().set(*this, due); }
void Timer::cancel() { loop_.timers().cancel(*this); }
void Timer::on_timer() { callback_(); }

}  // namespace gatehouse::net
