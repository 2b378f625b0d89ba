// SPDX-License-Identifier: Apache-2.0
//
// Memory for coroutine frames: a free list per thread and size class, so that a coroutine that is
// called for every request allocates only the first time.
//
// Thread:  any; a frame may be freed on another thread than the one that took it.
// Memory:  at most `kept_max` free frames of each class stay with a thread; they are returned when
//          it ends. Sanitizer builds keep none, so that a dead frame stays visible to them.
#pragma once

#include <cstddef>

namespace gatehouse::net {

class FramePool {
 public:
  static constexpr std::size_t step = 64;
  static constexpr std::size_t pooled_max = 4096;  // larger frames come from the heap
  static constexpr std::size_t kept_max = 4096;

  static void* take(std::size_t size);
  static void give(void* frame, std::size_t size) noexcept;
};

// A base class of promises whose frames come from the pool.
struct PooledFrame {
  static void* operator new(std::size_t size) { return FramePool::take(size); }
  static void operator delete(void* frame, std::size_t size) { FramePool::give(frame, size); }
};

}  // namespace gatehouse::net
