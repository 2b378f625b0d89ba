// SPDX-License-Identifier: Apache-2.0
//
// Where a connection keeps what has arrived: one block of memory, borrowed from the worker while a
// message is under way. An idle connection has none, and the block that was used last is used next,
// so a busy worker stays within a few warm blocks.
//
//   [ held: the head | used up | unread | room ]
//
// Thread:  one event loop.
// Memory:  blocks of `block_size`; the pool keeps at most `kept_max` of them for later.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace gatehouse::http {

class BlockPool {
 public:
  // A head of 16 KiB and as much of a body.
  static constexpr std::size_t block_size = 32 * 1024;
  static constexpr std::size_t kept_max = 256;

  BlockPool() { free_.reserve(kept_max); }

  std::unique_ptr<char[]> take();
  void give(std::unique_ptr<char[]> block);

 private:
  std::vector<std::unique_ptr<char[]>> free_;
};

class Buffer {
 public:
  // `pool` outlives the buffer.
  explicit Buffer(BlockPool& pool) : pool_(pool) {}
  ~Buffer() { give_back(); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::string_view unread() const { return {block_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }

  // Free space behind the unread bytes; empty when held and unread bytes fill the block. May move
  // unread bytes, so views of them end here.
  std::span<char> room();
  void added(std::size_t size) { end_ += size; }
  // The first `size` unread bytes are done with; they stay where they are until room().
  void consume(std::size_t size) { begin_ += size; }

  // The first `size` unread bytes, a head, stay in place until release_held(). Nothing is held yet.
  void hold(std::size_t size);
  // Moves what is unread to the front when it lies so far behind that a head of 20 KiB would leave
  // no room for its body; views of it end here.
  void release_held();

  // Returns the block to the pool if nothing in it is needed.
  void give_back_if_empty() {
    if (empty() && held_ == 0) give_back();
  }

 private:
  void move_to(std::size_t place);
  void give_back();

  BlockPool& pool_;
  std::unique_ptr<char[]> block_;
  std::size_t held_ = 0;   // bytes at the front that stay
  std::size_t begin_ = 0;  // of what is unread
  std::size_t end_ = 0;
};

}  // namespace gatehouse::http
