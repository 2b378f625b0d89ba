// SPDX-License-Identifier: Apache-2.0
#include "net/frame_pool.h"

#include <array>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GH_FRAMES_FROM_HEAP 1
#endif
#endif

namespace gatehouse::net {

#ifdef GH_FRAMES_FROM_HEAP

void* FramePool::take(std::size_t size) { return ::operator new(size); }
void FramePool::give(void* frame, std::size_t) noexcept { ::operator delete(frame); }

#else

namespace {

struct FreeFrame {
  FreeFrame* next;
};

struct FreeFrames {
  FreeFrame* first = nullptr;
  std::size_t count = 0;
};

constexpr std::size_t class_count = FramePool::pooled_max / FramePool::step;

// Frames of static objects die after the thread's own: from then on they go to the heap.
thread_local bool thread_ended = false;

struct ThreadFrames {
  std::array<FreeFrames, class_count> classes;

  ~ThreadFrames() {
    thread_ended = true;
    for (FreeFrames& frames : classes) {
      while (FreeFrame* frame = frames.first) {
        frames.first = frame->next;
        ::operator delete(frame);
      }
    }
  }
};

thread_local ThreadFrames thread_frames;

constexpr std::size_t class_of(std::size_t size) { return (size - 1) / FramePool::step; }

}  // namespace

void* FramePool::take(std::size_t size) {
  if (size > pooled_max || thread_ended) [[unlikely]]
    return ::operator new(size);
  FreeFrames& frames = thread_frames.classes[class_of(size)];
  FreeFrame* frame = frames.first;
  if (!frame) [[unlikely]]
    return ::operator new((class_of(size) + 1) * step);
  frames.first = frame->next;
  --frames.count;
  return frame;
}

void FramePool::give(void* frame, std::size_t size) noexcept {
  if (size > pooled_max || thread_ended) [[unlikely]]
    return ::operator delete(frame);
  FreeFrames& frames = thread_frames.classes[class_of(size)];
  if (frames.count == kept_max) [[unlikely]]
    return ::operator delete(frame);
  frames.first = new (frame) FreeFrame{frames.first};
  ++frames.count;
}

#endif

}  // namespace gatehouse::net
