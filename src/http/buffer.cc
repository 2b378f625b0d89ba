// SPDX-License-Identifier: Apache-2.0
#include "http/buffer.h"

#include <cstring>

#include "core/error.h"

namespace gatehouse::http {

std::unique_ptr<char[]> BlockPool::take() {
  if (free_.empty()) return std::make_unique_for_overwrite<char[]>(block_size);
  std::unique_ptr<char[]> block = std::move(free_.back());
  free_.pop_back();
  return block;
}

void BlockPool::give(std::unique_ptr<char[]> block) {
  if (free_.size() < kept_max) free_.push_back(std::move(block));
}

std::span<char> Buffer::room() {
  if (!block_) block_ = pool_.take();
  if (begin_ == end_) {
    begin_ = end_ = held_;
  } else if (end_ == BlockPool::block_size && begin_ > held_) {
    move_to(held_);
  }
  return {block_.get() + end_, BlockPool::block_size - end_};
}

void Buffer::hold(std::size_t size) {
  GH_ASSERT(held_ == 0 && size <= end_ - begin_);
  begin_ += size;
  held_ = begin_;
}

void Buffer::release_held() {
  held_ = 0;
  if (begin_ > BlockPool::block_size / 8) move_to(0);
}

void Buffer::move_to(std::size_t place) {
  std::memmove(block_.get() + place, block_.get() + begin_, end_ - begin_);
  end_ -= begin_ - place;
  begin_ = place;
}

void Buffer::give_back() {
  if (block_) pool_.give(std::move(block_));
  held_ = begin_ = end_ = 0;
}

}  // namespace gatehouse::http
